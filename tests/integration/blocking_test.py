#!/usr/bin/python3
"""Commands that wait, over real sockets and between two I/O threads."""

import socket
import threading
import time
import unittest

from strata import ReplyError, ServerTest, encode, wait_until


class Blocking(ServerTest):
    OPTIONS = ("--io-threads", "2")

    def connect(self):
        client = self.server.client()
        self.addCleanup(client.close)
        return client

    def setUp(self):
        super().setUp()
        self.admin = self.connect()
        self.wait_for_blocked(0)

    def blocked(self):
        info = self.admin.run("INFO", "clients").decode()
        return int(info.split("blocked_clients:")[1].split()[0])

    def wait_for_blocked(self, count):
        wait_until(lambda: self.blocked() == count, f"{count} clients are blocked")

    def blocked_client(self, *command):
        """A client that waits in this command."""
        before = self.blocked()
        client = self.connect()
        client.send(encode(*command))
        self.wait_for_blocked(before + 1)
        return client

    def test_waiters_on_both_threads_are_served_in_order(self):
        waiters = [self.blocked_client("BLPOP", "k", 0) for _ in range(10)]
        for i in range(10):
            self.assertEqual(self.admin.run("RPUSH", "k", i), 1)
            self.assertEqual(self.admin.run("LLEN", "k"), 0)
            self.assertEqual(waiters[i].reply(), [b"k", b"%d" % i])
        self.assertEqual(self.blocked(), 0)

    def test_timeouts(self):
        client = self.connect()
        begin = time.monotonic()
        self.assertIsNone(client.run("BLPOP", "k", "0.3"))
        elapsed = time.monotonic() - begin
        self.assertGreaterEqual(elapsed, 0.3)
        self.assertIsNone(client.run("BLMOVE", "k", "l", "LEFT", "LEFT", "0.001"))
        self.assertEqual(self.blocked(), 0)

    def test_a_pipeline_goes_on_behind_the_wait(self):
        client = self.connect()
        client.send(encode("PING") + encode("BLPOP", "k", 0) + encode("PING"))
        self.assertEqual(client.reply(), b"PONG")
        self.wait_for_blocked(1)
        client.send(encode("INCR", "n"))
        self.admin.run("RPUSH", "k", "v")
        self.assertEqual(client.reply(), [b"k", b"v"])
        self.assertEqual(client.reply(), b"PONG")
        self.assertEqual(client.reply(), 1)

    def test_who_hangs_up_takes_nothing(self):
        closed = self.blocked_client("BLPOP", "k", 0)
        half_closed = self.blocked_client("BLPOP", "k", 0)
        # What it sent before does not hide its end.
        talkative = self.blocked_client("BLPOP", "k", 0)
        talkative.send(encode("PING") * 1000)
        reset = self.blocked_client("BLPOP", "k", 0)
        reset.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        closed.close()
        half_closed.socket.shutdown(socket.SHUT_WR)
        talkative.socket.shutdown(socket.SHUT_WR)
        reset.close()
        self.wait_for_blocked(0)
        self.assertEqual(half_closed.rest(), b"")
        self.assertEqual(self.admin.run("RPUSH", "k", "v"), 1)
        self.assertEqual(self.admin.run("LLEN", "k"), 1)

    def test_client_kill_and_unblock(self):
        waiters = [self.blocked_client("BLPOP", "k", 0) for _ in range(4)]
        ids = [line.split("id=")[1].split()[0]
               for line in self.admin.run("CLIENT", "LIST").decode().splitlines()
               if " flags=b " in line]
        self.assertEqual(len(ids), 4)
        self.assertEqual(self.admin.run("CLIENT", "KILL", "ID", ids[0]), 1)
        self.assertEqual(waiters[0].rest(), b"")
        self.assertEqual(self.admin.run("CLIENT", "UNBLOCK", ids[1]), 1)
        self.assertIsNone(waiters[1].reply())
        self.assertEqual(self.admin.run("CLIENT", "UNBLOCK", ids[2], "ERROR"), 1)
        self.assertEqual(waiters[2].reply(),
                         ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK"))
        self.admin.run("RPUSH", "k", "v")
        self.assertEqual(waiters[3].reply(), [b"k", b"v"])
        self.wait_for_blocked(0)

    def test_nothing_is_lost_between_many_clients(self):
        count, takers = 4000, 8
        taken = [[] for _ in range(takers)]

        def take(mine, client):
            while (reply := client.run("BLPOP", "a", "b", "c", 0))[1] != b"end":
                mine.append(reply[1])

        def move(client):
            while client.run("BLMOVE", "source", "a", "LEFT", "RIGHT", 0) != b"last":
                pass

        threads = [threading.Thread(target=take, args=(mine, self.connect())) for mine in taken]
        mover = threading.Thread(target=move, args=(self.connect(),))
        for thread in threads + [mover]:
            thread.start()
        client = self.connect()
        for i in range(count):
            client.run("RPUSH", ("a", "b", "c", "source")[i % 4], i)
        client.run("RPUSH", "source", "last")
        mover.join()
        wait_until(lambda: sum(map(len, taken)) == count + 1, "all are taken")
        for _ in threads:
            client.run("RPUSH", "b", "end")
        for thread in threads:
            thread.join()
        numbers = sorted(int(n) for mine in taken for n in mine if n != b"last")
        self.assertEqual(numbers, list(range(count)))

    def test_a_pause_holds_back_pushes_and_ends(self):
        waiter = self.blocked_client("BLPOP", "k", 0)
        writer = self.connect()
        self.admin.run("CLIENT", "PAUSE", 300, "WRITE")
        begin = time.monotonic()
        self.assertEqual(writer.run("RPUSH", "k", "v"), 1)
        self.assertGreater(time.monotonic() - begin, 0.2)
        self.assertEqual(waiter.reply(), [b"k", b"v"])
        self.admin.run("CLIENT", "PAUSE", 60_000, "WRITE")
        writer.send(encode("RPUSH", "k", "w"))
        self.admin.run("CLIENT", "UNPAUSE")
        self.assertEqual(writer.reply(), 1)


class Shutdown(ServerTest):
    def test_a_server_with_waiters_stops(self):
        with self.server.client() as client:
            client.send(encode("BLPOP", "k", 0) + encode("PING"))
            with self.server.client() as admin:
                wait_until(lambda: b"blocked_clients:1" in admin.run("INFO", "clients"), "it waits")
            begin = time.monotonic()
            self.server.stop()
            self.assertLess(time.monotonic() - begin, 5)
            self.assertEqual(client.rest(), b"")
            self.server.start()


if __name__ == "__main__":
    unittest.main()
