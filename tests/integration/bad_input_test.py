#!/usr/bin/python3
"""Input that is no request, or too much of one: the server says why and closes, and stays well."""

import random
import socket
import unittest

from strata import Client, Server, ServerTest, encode

MEGABYTE = 1 << 20


class BadInput(ServerTest):
    def tearDown(self):
        with self.server.client() as client:
            self.assertEqual(client.run("PING"), b"PONG")

    def answer(self, *pieces, close=False):
        """All that the server sends to these bytes until it closes."""
        with self.server.client() as client:
            try:
                for piece in pieces:
                    client.send(piece)
                if close:
                    client.socket.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass  # it closed in the middle
            return client.rest()

    def test_protocol_errors_close(self):
        for data, reason in (
            (b"*x\r\n", b"invalid multibulk length"),
            (b"*1\r\n+PING\r\n", b"expected '$', got '+'"),
            (b"*1\r\n$x\r\n", b"invalid bulk length"),
            (b"*1\r\n$-5\r\n", b"invalid bulk length"),
            (b"*2147483648\r\n", b"invalid multibulk length"),
            (b"*1\r\n$99999999999\r\n", b"invalid bulk length"),
            (b"*1\r\n$536870913\r\n", b"invalid bulk length"),
            (b'SET k "v\r\n', b"unbalanced quotes in request"),
        ):
            with self.subTest(data):
                self.assertEqual(self.answer(data), b"-ERR Protocol error: " + reason + b"\r\n")

    def test_what_came_before_the_error_is_answered(self):
        shown = self.answer(encode("SET", "k", "v") + b"PING\r\n*1\r\n!\r\n")
        self.assertEqual(shown, b"+OK\r\n+PONG\r\n-ERR Protocol error: expected '$', got '!'\r\n")

    def test_nothing_behind_the_error_runs(self):
        self.answer(b"*1\r\n!\r\n" + encode("SET", "k", "v") * 1000)
        with self.server.client() as client:
            self.assertEqual(client.run("EXISTS", "k"), 0)

    def test_endless_lines(self):
        line = b"x" * 70_000
        for data, reason in ((line, b"too big inline request"),
                             (b"*" + b"1" * 70_000, b"too big mbulk count string"),
                             (b"*1\r\n$" + b"1" * 70_000, b"too big bulk count string")):
            with self.subTest(reason):
                self.assertEqual(self.answer(data), b"-ERR Protocol error: " + reason + b"\r\n")

    def test_a_line_of_64_kilobytes_is_a_request(self):
        word = b"x" * (64 * 1024 - 6)
        with self.server.client() as client:
            client.send(b"ECHO " + word + b"\n")
            self.assertEqual(client.reply(), word)

    def test_empty_requests_have_no_answer(self):
        shown = self.answer(b"\r\n\r\n*0\r\n*-1\r\n\n   \r\nPING\r\n", close=True)
        self.assertEqual(shown, b"+PONG\r\n")

    def test_an_announced_size_reserves_nothing(self):
        before = self.server.resident_bytes()
        clients = [self.server.client() for _ in range(50)]
        for client in clients:
            client.send(b"*2\r\n$4\r\nECHO\r\n$500000000\r\nstart")
        with self.server.client() as client:
            client.run("PING")
        many = self.server.client()
        many.send(b"*2000000000\r\n$4\r\nECHO\r\n")
        self.assertLess(self.server.resident_bytes() - before, 50 * MEGABYTE)
        for client in clients + [many]:
            client.close()

    def test_oversized_arguments(self):
        with self.server.client() as client:
            client.run("CONFIG", "SET", "proto-max-bulk-len", "1mb")
            try:
                value = b"x" * MEGABYTE
                self.assertEqual(client.run("SET", "k", value), b"OK")
                shown = self.answer(encode("SET", "k", value + b"x")[:100])
                self.assertEqual(shown, b"-ERR Protocol error: invalid bulk length\r\n")
                too_long = client.run("APPEND", "k", "x")
                self.assertRegex(str(too_long), "exceeds maximum allowed size")
            finally:
                client.run("CONFIG", "SET", "proto-max-bulk-len", "512mb")

    def test_the_query_buffer_limit(self):
        with self.server.client() as client:
            client.run("CONFIG", "SET", "client-query-buffer-limit", "1mb")
            try:
                self.assertEqual(self.answer(encode("SET", "k", b"x" * 3 * MEGABYTE)), b"")
                self.assertEqual(client.run("EXISTS", "k"), 0)
                for _ in range(10):  # what is run at once does not add up
                    client.run("SET", "k", b"x" * 500_000)
            finally:
                client.run("CONFIG", "SET", "client-query-buffer-limit", "1gb")

    def test_http(self):
        for line in (b"POST / HTTP/1.1\r\n", b"post / HTTP/1.1\r\n"):
            shown = self.answer(line + b"Host: localhost\r\n\r\nSET attacked 1\r\n")
            self.assertEqual(shown, b"")
        shown = self.answer(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nSET attacked 1\r\n")
        self.assertEqual(shown, b"-ERR wrong number of arguments for 'get' command\r\n")
        with self.server.client() as client:
            self.assertEqual(client.run("EXISTS", "attacked"), 0)
        self.assertIn("HTTP", self.server.log())

    def test_random_bytes(self):
        seed = 20240607
        print(f"seed {seed}")
        generator = random.Random(seed)
        for _ in range(300):
            data = bytearray(encode("SET", "k", generator.randbytes(generator.randrange(100))) * 3)
            for _ in range(generator.randrange(1, 6)):
                data[generator.randrange(len(data))] = generator.randrange(256)
            self.answer(bytes(data), close=True)
            self.answer(generator.randbytes(generator.randrange(1, 2000)), close=True)


class BeforeThePassword(unittest.TestCase):
    def setUp(self):
        self.server = Server("--requirepass", "s3cret")
        self.addCleanup(self.server.close)

    def test_strangers_may_send_little(self):
        for data, reason in ((b"*11\r\n", "multibulk"),
                             (b"*2\r\n$4\r\nAUTH\r\n$16385\r\n", "bulk")):
            with Client(self.server.port) as client:
                client.send(data)
                expected = f"-ERR Protocol error: unauthenticated {reason} length\r\n"
                self.assertEqual(client.rest(), expected.encode())

    def test_a_pipeline_may_begin_with_the_password(self):
        with Client(self.server.port) as client:
            client.send(encode("AUTH", "s3cret") + encode("SET", "k", b"x" * 100_000) +
                        encode("MSET", *[str(i) for i in range(20)]))
            self.assertEqual([client.reply() for _ in range(3)], [b"OK", b"OK", b"OK"])

    def test_strangers_are_refused(self):
        with Client(self.server.port) as client:
            for words in (("GET", "k"), ("CONFIG", "GET", "*"), ("SHUTDOWN",), ("PING",)):
                self.assertEqual(str(client.run(*words)), "NOAUTH Authentication required.")


if __name__ == "__main__":
    unittest.main()
