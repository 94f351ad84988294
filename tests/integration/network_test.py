#!/usr/bin/python3
"""Sockets: where the server listens, how many it serves, and what unusual clients do to it."""

import ctypes
import os
import resource
import select
import socket
import stat
import sys
import threading
import time
import unittest

from strata import Client, ReplyError, Server, ServerTest, encode, free_port, wait_until

MEGABYTE = 1 << 20


def sockets_of(pid):
    """Copies of a process's sockets: pidfd_getfd(2), which is 438 on every architecture."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    sockets = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        if os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
            copy = libc.syscall(438, process, int(name), 0)
            if copy < 0:
                reason = os.strerror(ctypes.get_errno())  # a container may forbid it
                raise unittest.SkipTest(f"pidfd_getfd(2), to look at its sockets: {reason}")
            sockets.append(socket.socket(fileno=copy))
    os.close(process)
    return sockets


def peer_name(connection):
    try:
        return connection.getpeername()
    except OSError:
        return None  # it listens


def backlog_of(listening):
    """In tcp_info, a listening socket has it in place of tcpi_sacked."""
    info = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(info[28:32], sys.byteorder)


class Addresses(unittest.TestCase):
    def start(self, *options, **more):
        server = Server(*options, **more)
        self.addCleanup(server.close)
        return server

    def test_several_addresses(self):
        server = self.start(bind="127.0.0.1 127.0.0.2 ::1 -192.0.2.1")
        for host, shown in (("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"),
                            ("::1", "[::1]")):
            with Client(server.port, host) as client:
                self.assertEqual(client.run("PING"), b"PONG")
                info = client.run("CLIENT", "INFO").decode()
                self.assertIn(f" laddr={shown}:{server.port} ", info)
        self.assertIn("192.0.2.1", server.log())
        with self.assertRaises(ConnectionRefusedError):
            Client(server.port, "127.0.0.3")

    def answers(self, port, host="127.0.0.1"):
        try:
            with Client(port, host) as client:
                return client.run("PING") == b"PONG"
        except ConnectionError:
            return False

    def test_the_port_changes_while_clients_are_served(self):
        for options in ((), ("--reuse-port", "yes", "--io-threads", "3")):
            server = self.start(*options)
            port = free_port()
            with server.client() as client:
                self.assertEqual(client.run("CONFIG", "SET", "port", str(port)), b"OK")
                self.assertEqual([self.answers(server.port), self.answers(port)], [False, True])
                self.assertIn(f"tcp_port:{port}\r\n", client.run("INFO", "server").decode())
                self.assertEqual(client.run("CONFIG", "SET", "port", "0"), b"OK")
                self.assertEqual([self.answers(server.port), self.answers(port)], [False, False])
                self.assertEqual(client.run("CONFIG", "SET", "port", str(server.port)), b"OK")
                self.assertTrue(all(self.answers(server.port) for _ in range(10)))

    def test_a_port_that_cannot_be_had_changes_nothing(self):
        server, other = self.start(), self.start()
        with server.client() as client:
            reply = client.run("CONFIG", "SET", "port", str(other.port), "timeout", "17")
            self.assertEqual(reply, ReplyError(
                "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on "
                "this port. Check server logs."))
            self.assertEqual(client.run("CONFIG", "GET", "port"), [b"port", b"%d" % server.port])
            self.assertEqual(client.run("CONFIG", "GET", "timeout"), [b"timeout", b"0"])
            self.assertTrue(self.answers(server.port))
        self.assertIn("Address already in use", server.log())

    def test_the_addresses_change_while_clients_are_served(self):
        server = self.start()
        two = ("127.0.0.1", "127.0.0.2")
        with server.client() as client:
            for bound, who in (("127.0.0.1 127.0.0.2", [True, True]), ("127.0.0.2", [False, True]),
                               ("*", [True, True]), ("127.0.0.1 -192.0.2.1", [True, False])):
                self.assertEqual(client.run("CONFIG", "SET", "bind", bound), b"OK")
                self.assertEqual([self.answers(server.port, host) for host in two], who, bound)
            self.assertEqual(client.run("CONFIG", "SET", "bind", "192.0.2.1"), ReplyError(
                "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to "
                "specified addresses."))
            self.assertEqual([self.answers(server.port, host) for host in two], [True, False])

    def test_one_listener_per_thread(self):
        server = self.start("--reuse-port", "yes", "--io-threads", "4")
        clients = [server.client() for _ in range(40)]
        for client in clients:
            self.assertEqual(client.run("PING"), b"PONG")
        threads = {word for line in clients[0].run("CLIENT", "LIST").decode().splitlines()
                   for word in line.split() if word.startswith("io-thread=")}
        self.assertGreater(len(threads), 1)
        for client in clients:
            client.close()

    def test_connections_are_spread_over_the_threads(self):
        server = self.start("--io-threads", "3")
        clients = [server.client() for _ in range(30)]
        for client in clients:
            client.run("PING")
        # The library's own connection, which found the server up, may still be leaving.
        wait_until(lambda: clients[0].run("CLIENT", "LIST").count(b"\n") == 30, "others left")
        threads = [line.split("io-thread=")[1].split()[0]
                   for line in clients[0].run("CLIENT", "LIST").decode().splitlines()]
        self.assertEqual(sorted(threads.count(str(i)) for i in range(3)), [10, 10, 10])
        for client in clients:
            client.close()

    def test_unix_socket(self):
        server = self.start("--unixsocket", "sock", "--unixsocketperm", "700")
        path = server.path("sock")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700)
        with Client(path=path) as client:
            client.run("SET", "k", "v" * 100_000)
            self.assertEqual(len(client.run("GET", "k")), 100_000)
        server.stop()
        self.assertFalse(os.path.exists(path), "the socket's file is removed")
        server.start()
        self.assertTrue(os.path.exists(path))

    def test_a_stale_unix_socket_is_replaced(self):
        server = self.start("--unixsocket", "sock")
        server.process.kill()
        server.process.wait()
        self.assertTrue(os.path.exists(server.path("sock")))
        server.start()
        with Client(path=server.path("sock")) as client:
            self.assertEqual(client.run("PING"), b"PONG")

    def end_of(self, server, client):
        """The server's socket of a client's connection."""
        ours = client.socket.getsockname()
        return next(end for end in self.sockets(server) if peer_name(end) == ours)

    def sockets(self, server):
        sockets = sockets_of(server.process.pid)
        for found in sockets:
            self.addCleanup(found.close)
        return sockets

    def test_what_is_set_on_a_connection(self):
        server = self.start("--tcp-keepalive", "77")
        with server.client() as client:
            client.run("PING")
            end = self.end_of(server, client)
            self.assertNotEqual(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 0)
            self.assertNotEqual(end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 0)
            self.assertEqual(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), 77)
            # A changed option holds for those who come later.
            client.run("CONFIG", "SET", "tcp-keepalive", "0")
            with server.client() as later:
                later.run("PING")
                end = self.end_of(server, later)
                self.assertEqual(end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 0)

    def test_backlog(self):
        listening = self.sockets(self.start("--tcp-backlog", "23"))
        backlogs = [backlog_of(found) for found in listening if found.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.family == socket.AF_INET]
        self.assertTrue(backlogs)
        self.assertEqual(set(backlogs), {23})


class MaxClients(unittest.TestCase):
    def setUp(self):
        self.server = Server("--maxclients", "10")
        self.addCleanup(self.server.close)

    def enter(self):
        """A client that got a place, or None."""
        client = self.server.client()
        try:
            if client.run("PING") == b"PONG":
                return client
        except (EOFError, ConnectionError):
            pass
        client.close()
        return None

    def fill(self, count=10):
        """So many clients, as soon as they may come."""
        clients = []

        def filled():
            if client := self.enter():
                clients.append(client)
            return len(clients) == count

        wait_until(filled, "there are places for all")
        return clients

    def test_one_too_many_is_told_so_and_closed(self):
        clients = self.fill()
        with self.server.client() as late:
            self.assertEqual(late.rest(), b"-ERR max number of clients reached\r\n")
        info = clients[0].run("INFO", "stats").decode()
        self.assertGreater(int(info.split("rejected_connections:")[1].split()[0]), 0)

        clients.pop().close()
        clients += self.fill(1)
        for client in clients:
            self.assertEqual(client.run("PING"), b"PONG")
            client.close()

    def test_the_limit_can_be_raised(self):
        clients = self.fill()
        self.assertEqual(clients[0].run("CONFIG", "SET", "maxclients", "11"), b"OK")
        clients += self.fill(1)
        for client in clients:
            client.close()

    def test_a_flood(self):
        clients = self.fill()
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        poll, sockets = select.poll(), {}
        for _ in range(min(3000, soft - 200)):
            flooding = socket.socket()
            flooding.setblocking(False)
            flooding.connect_ex(("127.0.0.1", self.server.port))
            poll.register(flooding, select.POLLIN)
            sockets[flooding.fileno()] = flooding
        self.assertEqual(clients[0].run("PING"), b"PONG")

        # Some hear nothing for long: where its queue is full, the kernel makes them wait.
        refused = 0
        while ready := poll.poll(2000):
            for descriptor, _ in ready:
                poll.unregister(descriptor)
                flooding = sockets.pop(descriptor)
                try:
                    self.assertEqual(flooding.recv(100), b"-ERR max number of clients reached\r\n")
                    refused += 1
                except ConnectionError:
                    pass
                flooding.close()
        for flooding in sockets.values():
            flooding.close()
        self.assertGreater(refused, 500)
        for client in clients:
            self.assertEqual(client.run("PING"), b"PONG")
            client.close()
        self.fill(1)[0].close()


class Clients(ServerTest):
    def test_the_idle_are_closed(self):
        with self.server.client() as busy, self.server.client() as idle:
            idle.run("PING")
            busy.run("CONFIG", "SET", "timeout", "1")
            try:
                done = threading.Event()
                ended = []
                waiter = threading.Thread(target=lambda: (ended.append(idle.rest()), done.set()))
                waiter.start()
                wait_until(lambda: busy.run("PING") and done.is_set(), "the idle client is closed")
                waiter.join()
                self.assertEqual(ended, [b""])
            finally:
                busy.run("CONFIG", "SET", "timeout", "0")

    def test_half_closed(self):
        with self.server.client() as client:
            client.send(b"PING\r\n")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(client.rest(), b"+PONG\r\n")

    def test_half_closed_behind_a_pipeline(self):
        with self.server.client() as client:
            client.send(encode("INCR", "n") * 1000)
            client.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(client.rest().count(b"\r\n"), 1000)

    def test_a_request_that_never_ends_is_forgotten_with_its_client(self):
        with self.server.client() as client:
            client.send(b"*2\r\n$3\r\nGET\r\n$100\r\nhal")
        with self.server.client() as other:
            wait_until(lambda: other.run("CLIENT", "LIST").count(b"\n") == 1, "it is gone")

    def test_a_pipeline_written_before_anything_is_read(self):
        count = 100_000
        requests = b"".join(encode("SET", f"key:{i % 1000}", i) + encode("GET", f"key:{i % 1000}")
                            for i in range(count // 2))
        with self.server.client() as client:
            # The server stops reading once enough replies wait, so writing needs its own thread.
            writer = threading.Thread(target=client.send, args=(requests,))
            writer.start()
            for i in range(count // 2):
                self.assertEqual(client.reply(), b"OK")
                self.assertEqual(client.reply(), str(i).encode())
            writer.join()

    def test_requests_in_single_bytes(self):
        with self.server.client() as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in encode("SET", "k", "a\r\nb") + b"GET k\r\n":
                client.send(bytes([byte]))
            self.assertEqual([client.reply(), client.reply()], [b"OK", b"a\r\nb"])

    def test_killed(self):
        with self.server.client() as victim, self.server.client() as killer:
            number = victim.run("CLIENT", "ID")
            self.assertEqual(killer.run("CLIENT", "KILL", "ID", number), 1)
            self.assertEqual(victim.rest(), b"")
            self.assertEqual(killer.run("CLIENT", "KILL", "ID", number), 0)
        with self.server.client() as victim, self.server.client() as killer:
            victim.run("PING")  # so it is registered, whichever thread it came to
            host, port = victim.socket.getsockname()
            self.assertEqual(killer.run("CLIENT", "KILL", f"{host}:{port}"), b"OK")
            self.assertEqual(victim.rest(), b"")

    def test_killing_oneself_sends_the_reply_first(self):
        with self.server.client() as client:
            number = client.run("CLIENT", "ID")
            client.send(encode("CLIENT", "KILL", "ID", number, "SKIPME", "no") + b"PING\r\n")
            self.assertEqual(client.rest(), b":1\r\n")

    def test_paused_pipelines_run_later_and_in_order(self):
        with self.server.client() as client, self.server.client() as other:
            self.assertEqual(other.run("CLIENT", "PAUSE", "60000", "WRITE"), b"OK")
            client.send(encode("GET", "n") + encode("INCR", "n") * 5000 + encode("GET", "n"))
            self.assertEqual(client.reply(), None)
            self.assertEqual(other.run("GET", "n"), None)
            self.assertEqual(other.run("CLIENT", "UNPAUSE"), b"OK")
            self.assertEqual([client.reply() for _ in range(5000)], list(range(1, 5001)))
            self.assertEqual(client.reply(), b"5000")

    def test_a_pause_ends_by_itself(self):
        with self.server.client() as client, self.server.client() as other:
            other.run("CLIENT", "PAUSE", "300", "ALL")
            began = time.monotonic()
            self.assertEqual(client.run("SET", "k", "v"), b"OK")
            self.assertGreater(time.monotonic() - began, 0.2)

    def test_a_client_may_leave_while_paused(self):
        with self.server.client() as other:
            other.run("CLIENT", "PAUSE", "60000", "WRITE")
            with self.server.client() as client:
                client.send(encode("SET", "k", "v") * 100)
                time.sleep(0.1)
            other.run("CLIENT", "UNPAUSE")
            self.assertEqual(other.run("PING"), b"PONG")

    def test_replies_switched_off(self):
        with self.server.client() as client:
            client.send(encode("CLIENT", "REPLY", "OFF") + encode("SET", "k", "v") * 100)
            client.send(encode("CLIENT", "REPLY", "ON") + encode("CLIENT", "REPLY", "SKIP"))
            client.send(encode("GET", "k") + encode("PING"))
            self.assertEqual([client.reply(), client.reply()], [b"OK", b"PONG"])


class SlowReaders(ServerTest):
    OPTIONS = ("--io-threads", "2")

    def slow_reader(self):
        """A client that has asked for 500 values of a megabyte and reads none."""
        reader = Client(self.server.port, receive_bytes=1 << 16)
        reader.run("SET", "big", b"x" * MEGABYTE)
        reader.send(encode("GET", "big") * 500)
        return reader

    def others_are_served(self):
        with self.server.client() as other:
            for i in range(1000):
                other.send(encode("SET", "k", i) + encode("GET", "k"))
                self.assertEqual([other.reply(), other.reply()], [b"OK", str(i).encode()])

    def test_shared_values_cost_nothing(self):
        before = self.server.resident_bytes()
        with self.slow_reader() as reader:
            self.others_are_served()
            self.assertLess(self.server.resident_bytes() - before, 100 * MEGABYTE)
            for _ in range(500):
                self.assertEqual(len(reader.reply()), MEGABYTE)

    def test_replies_that_wait_are_bounded(self):
        before = self.server.resident_bytes()
        with Client(self.server.port, receive_bytes=4096) as reader:
            reader.socket.settimeout(2)
            try:
                # Each reply holds a value of its own, since the next request replaces it: 4 GB.
                for _ in range(4000):
                    reader.send(encode("SET", "big", b"x" * MEGABYTE) + encode("GET", "big"))
            except TimeoutError:
                pass  # the server has stopped reading
            self.others_are_served()
            self.assertLess(self.server.resident_bytes() - before, 600 * MEGABYTE)

    def test_the_output_limit_closes_the_client(self):
        with self.server.client() as client:
            client.run("CONFIG", "SET", "client-output-buffer-limit", "normal 50mb 0 0")
            try:
                with self.slow_reader() as reader:
                    wait_until(lambda: client.run("CLIENT", "LIST").count(b"\n") == 1, "it is gone")
                    self.assertLess(len(reader.rest()), 100 * MEGABYTE)
                self.others_are_served()
            finally:
                client.run("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")

    def test_the_soft_output_limit_closes_the_client_after_a_while(self):
        with self.server.client() as client:
            client.run("CONFIG", "SET", "client-output-buffer-limit", "normal 0 10mb 1")
            try:
                with self.slow_reader() as reader:
                    wait_until(lambda: client.run("CLIENT", "LIST").count(b"\n") == 1, "it is gone")
                    reader.rest()
            finally:
                client.run("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")

    def test_a_monitor_that_does_not_read_is_closed(self):
        with Client(self.server.port, receive_bytes=4096) as monitor, \
                self.server.client() as client:
            client.run("CONFIG", "SET", "client-output-buffer-limit", "replica 20mb 0 0")
            self.assertEqual(monitor.run("MONITOR"), b"OK")
            request = encode("SET", "k", b"x" * 100_000)

            def closed():
                client.run("ECHO", b"x" * 100_000)
                client.send(request * 50)
                for _ in range(50):
                    client.reply()
                return client.run("CLIENT", "LIST").count(b"\n") == 1

            wait_until(closed, "the monitor is closed")
            client.run("CONFIG", "SET", "client-output-buffer-limit", "replica 256mb 64mb 60")


if __name__ == "__main__":
    unittest.main()
