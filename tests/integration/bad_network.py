"""A way to a server on which things go wrong: a proxy between ours and the redis-server below."""

import random
import socket
import threading
import time

from lower_tier import LowerTier, TierTest

PIECE = 1 << 16


class Last(bytes):
    """A piece behind which the connection ends."""


class Connection:
    """A thread for each direction. A dead one takes what comes and passes nothing on."""

    def __init__(self, network, client, server):
        self.network = network
        self.client = client
        self.server = server
        self.is_dead = False
        self.carrying = threading.Semaphore(1)  # whichever direction ends first takes it
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
        threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def shut(self, *ends, how=socket.SHUT_RDWR):
        for end in ends or (self.client, self.server):
            try:
                end.shutdown(how)
            except OSError:
                pass  # it has gone already

    def _carry(self, source, sink, is_reply):
        try:
            while data := source.recv(PIECE):
                if self.network.delay:
                    time.sleep(self.network.delay)
                self.network.flows.wait()
                spoil = self.network.spoil if is_reply else None
                if spoil:
                    data = spoil(data)
                if not self.is_dead:
                    sink.sendall(data)
                if isinstance(data, Last):
                    break
        except OSError:
            pass
        except Exception as failure:
            self.network.failure = failure
        self.network.flows.wait()
        self.shut()
        if not self.carrying.acquire(blocking=False):
            self.client.close()
            self.server.close()


class BadNetwork:
    """Passes on what comes, until it is told otherwise.

    delay  seconds that each piece of a request, and each of a reply, is held back
    spoil  what becomes of each piece of a reply: a function of bytes
    """

    def __init__(self, port):
        self.target = port
        self.delay = 0
        self.spoil = None
        self.failure = None  # of a thread, told when all is over
        self.flows = threading.Event()
        self.flows.set()
        self.connections = []
        self.listener = None
        self.port = 0
        self.open()

    def open(self):
        """Takes connections, for the first time or again."""
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.connections.append(Connection(self, client, server))

    def refuse(self):
        """Ends all connections; who comes is turned away."""
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.listener.close()
        self.cut()

    def cut(self):
        for connection in self.connections:
            connection.shut()
        self.connections = []

    def half_close(self):
        """The server below has sent its last, it seems; what is sent to it arrives."""
        for connection in self.connections:
            connection.shut(connection.client, how=socket.SHUT_WR)

    def hold(self):
        """Nothing comes through, and nobody is told: what is sent arrives when all is well again."""
        self.flows.clear()

    def lose(self):
        """The same, but what is sent over connections that there are never arrives."""
        for connection in self.connections:
            connection.is_dead = True
        self.hold()

    def heal(self):
        self.delay, self.spoil = 0, None
        self.flows.set()

    def close(self):
        self.heal()
        self.cut()
        self.listener.close()
        if self.failure:
            raise self.failure


class NetworkTest(TierTest):
    """The tier below is reached over a network that can be made bad."""

    def start_tier(self):
        tier = LowerTier(*self.TIER_OPTIONS)
        self.network = BadNetwork(tier.port)
        self.addCleanup(self.network.close)
        return tier

    def tier_words(self):
        return f"address 127.0.0.1:{self.network.port} {self.TIER_WORDS}"


class Sometimes:
    """Does something to one piece in so many: action(data, chance)."""

    def __init__(self, action, one_in, seed):
        self.action = action
        self.one_in = one_in
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.count = 0

    def __call__(self, data):
        with self.lock:
            if self.chance.randrange(self.one_in):
                return data
            self.count += 1
            return self.action(data, self.chance)
