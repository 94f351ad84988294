#!/usr/bin/python3
"""HyperLogLogs have the bytes that a real redis-server gives them, after the same commands."""

import random
import shutil
import subprocess
import tempfile
import unittest

from strata import Client, ServerTest, encode, free_port, wait_until

SEED = 20240601


class RedisServer:
    """A real redis-server of our own."""

    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="strata-redis-")
        self.port = free_port()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.folder, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        wait_until(self._answers, "redis-server answers")

    def _answers(self):
        try:
            with Client(self.port) as client:
                return client.run("PING") == b"PONG"
        except ConnectionError:
            return False

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@unittest.skipUnless(shutil.which("redis-server"), "there is no redis-server")
class HyperLogLog(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.redis = RedisServer()

    @classmethod
    def tearDownClass(cls):
        cls.redis.close()
        super().tearDownClass()

    def setUp(self):
        self.clients = [Client(self.redis.port), self.server.client()]
        for client in self.clients:
            self.addCleanup(client.close)
            client.run("FLUSHALL")
            client.run("CONFIG", "SET", "hll-sparse-max-bytes", "3000")
        self.random = random.Random(SEED)

    def both(self, *words):
        """The reply to a command, which must be the same from both."""
        theirs, ours = (client.run(*words) for client in self.clients)
        self.assertEqual(theirs, ours, words)
        return ours

    def both_many(self, commands):
        data = b"".join(encode(*words) for words in commands)
        for client in self.clients:
            client.send(data)
        for words in commands:
            theirs, ours = (client.reply() for client in self.clients)
            self.assertEqual(theirs, ours, words)

    def elements(self, most):
        return [f"element:{self.random.randrange(100_000)}"
                for _ in range(self.random.randint(0, most))]

    def test_bytes_after_each_addition(self):
        for i in range(3000):
            self.both_many([("PFADD", "k", f"{i}"), ("GET", "k")])
            if i % 50 == 0:
                self.both("PFCOUNT", "k")
                self.both("GET", "k")

    def test_random_commands_on_few_keys(self):
        keys = [f"k{i}" for i in range(6)]
        for _ in range(20):
            self.both("FLUSHALL")
            limit = self.random.choice(["0", "100", "1000", "3000", "15000", "20000"])
            self.both("CONFIG", "SET", "hll-sparse-max-bytes", limit)
            for _ in range(100):
                some = self.random.sample(keys, self.random.randint(1, 4))
                kind = self.random.random()
                if kind < 0.6:
                    self.both("PFADD", some[0], *self.elements(200))
                elif kind < 0.75:
                    self.both("PFMERGE", *some)
                elif kind < 0.95:
                    self.both("PFCOUNT", *some)
                else:
                    self.both("PFDEBUG", "TODENSE", some[0])
                self.both("GET", some[0])

    def test_large_ones(self):
        for start in range(0, 200_000, 1000):
            self.both("PFADD", "k", *range(start, start + 1000))
        self.both("PFCOUNT", "k")
        self.both("GET", "k")
        self.both("PFDEBUG", "GETREG", "k")

    def test_elements_of_all_lengths(self):
        for size in range(100):
            self.both("PFADD", "k", bytes(self.random.randrange(256) for _ in range(size)))
        self.both("GET", "k")

    def test_the_text_of_runs(self):
        for _ in range(10):
            self.both("PFADD", "k", *self.elements(300))
            self.both("PFDEBUG", "DECODE", "k")
            self.both("PFDEBUG", "ENCODING", "k")

    def test_a_payload_of_one_is_read_by_the_other(self):
        client = self.clients[1]
        client.run("PFADD", "k", *range(500))
        payload = client.run("GET", "k")
        self.both("SET", "copy", payload)
        self.both("PFCOUNT", "copy")
        self.both("PFADD", "copy", "more", "and", "more")
        self.both("GET", "copy")


if __name__ == "__main__":
    unittest.main()
