"""What the integration tests share: a server process of their own, and a client made of a socket.

The server is the program that the environment's STRATA_SERVER names. It runs in a folder of its
own, on a free port of the loopback, and is stopped by its process id. Times are seconds.
"""

import collections
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.abspath(
    os.environ.get("STRATA_SERVER") or os.path.join(ROOT, "build/release/strata-server"))
# Against hanging only: machines of continuous integration stall, sanitizers slow down.
TIMEOUT = 60


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


# A port is free until someone listens: so tests that run at the same time have blocks of their own
# to choose from, and none is given again while there are others.
BLOCK = 250
FIRST_PORT = 10000 + os.getpid() % 40 * BLOCK
given_ports = collections.deque(maxlen=BLOCK // 2)


def free_port(*above):
    """A port outside of the range from which the system gives ports to clients, and so is the one
    10,000 above, which the bus of a Redis Cluster's node has. Those so many `above` are free, too.
    """
    while True:
        port = random.randrange(FIRST_PORT, FIRST_PORT + BLOCK)
        if port not in given_ports and all(is_free(port + distance) for distance in (0, *above)):
            given_ports.append(port)
            return port


def wait_until(condition, what="it"):
    """Waits for condition() to become true."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {TIMEOUT} s in vain until {what}")
        time.sleep(0.02)


class Server:
    """A server process. Options are words of its command line; a file comes first, as `config`."""

    def __init__(self, *options, config=None, bind="127.0.0.1", port=None):
        self.folder = tempfile.mkdtemp(prefix="strata-integration-")
        self.port = port or free_port()
        self.config = config
        self.options = ["--port", str(self.port), "--bind", *bind.split(), *options]
        self.process = None
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        """Starts it, for the first time or again, and waits until it answers."""
        words = [PROGRAM] + ([self.config] if self.config else []) + self.options
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(words, cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._answers, "the server answers")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server did not start:\n{self.log()}")
        try:
            with self.client() as client:
                client.run("PING")  # NOAUTH is an answer too
                return True
        except (EOFError, ConnectionError):
            return False

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        """Everything it printed, over all its starts."""
        with open(self.path("log"), errors="replace") as log:
            return log.read()

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status") as status:
            kilobytes = next(line.split()[1] for line in status if line.startswith("VmRSS:"))
        return int(kilobytes) * 1024

    def cpu_seconds(self):
        """The processor time that it has used."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def client(self):
        return Client(self.port)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        """Waits for its end; the exit code."""
        try:
            return self.process.wait(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not end by itself:\n{self.log()}") from None

    def stop(self):
        """Asks it to end; anything but a clean end fails the test."""
        if self.process.poll() is None:
            self.signal()
        code, log = self.wait(), self.log()
        if code != 0:
            raise AssertionError(f"the server ended with {code}:\n{log[-20000:]}")
        for word in ("Sanitizer", "runtime error:"):
            if word in log:
                raise AssertionError(f"a sanitizer complained:\n{log[-20000:]}")

    def close(self):
        """Stops it and removes its folder."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class ServerTest(unittest.TestCase):
    """Tests against one server, which each of them finds empty. It must end cleanly after them."""

    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.OPTIONS)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        with self.server.client() as client:
            client.run("FLUSHALL")


class ReplyError(Exception):
    """An error reply, as the value that a command returned."""

    def __eq__(self, other):
        return isinstance(other, ReplyError) and self.args == other.args


def encode(*words):
    """A request as a RESP array."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class Client:
    """A socket with a RESP2 decoder: strings as bytes, errors as ReplyError (not raised)."""

    def __init__(self, port=0, host="127.0.0.1", path=None, receive_bytes=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            address = path
        else:
            self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            address = (host, port)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(TIMEOUT)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def run(self, *words):
        self.send(encode(*words))
        return self.reply()

    def reply(self):
        """The next reply; EOFError if the server closed instead."""
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(line)
        kind, text = line[:1], line[1:-2]
        if kind == b"+":
            return text
        if kind == b"-":
            return ReplyError(text.decode())
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == b"-1" else self.stream.read(int(text) + 2)[:-2]
        if kind == b"*":
            return None if text == b"-1" else [self.reply() for _ in range(int(text))]
        raise AssertionError(f"no reply begins like this: {line[:100]!r}")

    def rest(self):
        """All bytes up to the server's close."""
        data = []
        try:
            while piece := self.stream.read(1 << 16):
                data.append(piece)
        except ConnectionResetError:
            pass
        return b"".join(data)
