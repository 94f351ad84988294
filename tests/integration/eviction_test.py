#!/usr/bin/python3
"""maxmemory holds what the operating system sees, and Redis's policies choose what goes."""

import random
import threading
import time
import unittest

from strata import ReplyError, Server, encode, wait_until

MEGABYTE = 1 << 20
LIMIT = 96 * MEGABYTE
TOLERANCE = 1.05
OUT_OF_MEMORY = ReplyError("OOM command not allowed when used memory > 'maxmemory'.")


class Eviction(unittest.TestCase):
    def start(self, policy, limit=LIMIT, *more):
        server = Server("--maxmemory", str(limit), "--maxmemory-policy", policy,
                        "--io-threads", "2", *more)
        self.addCleanup(server.close)
        return server

    def run_all(self, client, commands):
        """The replies of a pipeline."""
        client.send(b"".join(encode(*command) for command in commands))
        return [client.reply() for _ in commands]

    def info(self, client, field):
        for line in client.run("INFO", "everything").decode().splitlines():
            if line.startswith(field + ":"):
                return int(line.split(":")[1])
        raise AssertionError(field)

    def check_resident(self, server):
        self.assertLess(server.resident_bytes() / LIMIT, TOLERANCE)

    def test_a_fill_far_beyond_the_limit(self):
        for policy in ("allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-ttl", "adaptive"):
            server = self.start(policy)
            with server.client() as client:
                for chunk in range(0, 400_000, 2000):
                    commands = [("SET", f"key:{i}", "v" * 500, "EX", "1000")
                                for i in range(chunk, chunk + 2000)]
                    self.assertEqual(set(self.run_all(client, commands)), {b"OK"})
                    self.check_resident(server)
                self.assertGreater(client.run("DBSIZE") * 500, LIMIT * 0.6)
                wait_until(lambda: self.info(client, "evicted_keys") + client.run("DBSIZE") ==
                           400_000, "every key is there or was evicted")

    def test_buffers_go_before_keys(self):
        server = self.start("allkeys-lru", 0, "--io-threads", "1")
        clients = [server.client() for _ in range(500)]
        for client in clients:
            self.addCleanup(client.close)
        admin = clients[0]
        self.run_all(admin, [("SET", f"key:{i}", "v" * 500) for i in range(20_000)])
        self.run_all(admin, [("SET", f"part:{i}", "v" * 12_000) for i in range(4)])
        # Copied, not referred to: each connection keeps the room for the next one.
        for client in clients:
            client.run("MGET", *[f"part:{i}" for i in range(4)])
        stop = threading.Event()

        def keep_busy():  # who is quiet for a second gives its buffers back anyway
            while not stop.is_set():
                for client in clients[1:]:
                    client.run("PING")

        thread = threading.Thread(target=keep_busy)
        thread.start()
        try:
            time.sleep(1.5)
            used = self.info(admin, "used_memory")
            limit = self.info(admin, "used_memory_rss") - 8 * MEGABYTE
            admin.run("CONFIG", "SET", "maxmemory", limit)
            time.sleep(1)
            self.assertLess(self.info(admin, "used_memory"), used - 15 * MEGABYTE)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(admin.run("DBSIZE"), 20_004)
        self.assertEqual(self.info(admin, "evicted_keys"), 0)

    def test_what_is_used_stays(self):
        server = self.start("allkeys-lru")
        hot = [("GET", f"hot:{i}") for i in range(1000)]
        with server.client() as client:
            self.run_all(client, [("SET", key, "v" * 500) for _, key in hot])
            for part in range(12):
                for chunk in range(0, 20_000, 2000):
                    self.run_all(client, [("SET", f"cold:{part}:{i}", "v" * 500)
                                          for i in range(chunk, chunk + 2000)])
                time.sleep(1.1)  # the clock of the policy ticks in seconds, as Redis's
                self.run_all(client, hot)
            self.assertGreater(self.info(client, "evicted_keys"), 50_000)
            found = self.run_all(client, hot)
            self.assertGreater(sum(value is not None for value in found), 990)

    def test_without_eviction_writes_are_refused_and_reads_are_not(self):
        server = self.start("noeviction")
        with server.client() as client:
            replies = []
            for chunk in range(0, 400_000, 2000):
                replies += self.run_all(client, [("SET", f"key:{i}", "v" * 500)
                                                 for i in range(chunk, chunk + 2000)])
                self.check_resident(server)
            self.assertEqual(replies[-1], OUT_OF_MEMORY)
            self.assertEqual(set(map(str, replies)), {str(b"OK"), str(OUT_OF_MEMORY)})
            self.assertEqual(client.run("GET", "key:0"), b"v" * 500)
            self.assertEqual(client.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"), b"OK")
            self.assertEqual(client.run("SET", "more", "v"), b"OK")
            self.assertGreater(self.info(client, "evicted_keys"), 0)

    def test_a_lowered_limit_is_worked_off_while_clients_are_served(self):
        server = self.start("allkeys-lru", 4 * LIMIT)
        with server.client() as client:
            for chunk in range(0, 400_000, 2000):
                self.run_all(client, [("SET", f"key:{i}", "v" * 500)
                                      for i in range(chunk, chunk + 2000)])
            self.assertGreater(server.resident_bytes(), 1.5 * LIMIT)
            self.assertEqual(client.run("CONFIG", "SET", "maxmemory", str(LIMIT)), b"OK")
            self.assertEqual(client.run("PING"), b"PONG")
            wait_until(lambda: server.resident_bytes() < TOLERANCE * LIMIT, "it is worked off")

    def test_the_adaptive_policy_tells_within_a_second_what_is_used(self):
        server = self.start("adaptive")
        hot = [("GET", f"hot:{i}") for i in range(1000)]
        with server.client() as client:
            self.run_all(client, [("SET", key, "v" * 500) for _, key in hot])
            for chunk in range(0, 400_000, 2000):
                self.run_all(client, [("SET", f"cold:{i}", "v" * 500)
                                      for i in range(chunk, chunk + 2000)])
                self.run_all(client, hot)
                self.check_resident(server)
            found = self.run_all(client, hot)
            self.assertGreater(sum(value is not None for value in found), 990)
            status = client.run("CACHE.POLICY", "STATUS")
            status = dict(zip(status[::2], status[1::2]))
            self.assertEqual(status[b"policy"], b"adaptive")
            self.assertGreater(status[b"evicted-keys"], 100_000)
            self.assertGreater(status[b"metadata-bytes"], 0)
            self.assertIn(status[b"leader"],
                          (b"learned", b"recency", b"root-frequency", b"once-first"))

    def test_the_policy_is_changed_under_load(self):
        server = self.start("adaptive")
        with server.client() as client:
            for part, policy in enumerate(("allkeys-lru", "adaptive", "volatile-ttl", "adaptive")):
                for chunk in range(0, 100_000, 2000):
                    self.assertEqual(set(self.run_all(
                        client, [("SET", f"{part}:{i}", "v" * 500, "EX", "1000")
                                 for i in range(chunk, chunk + 2000)])), {b"OK"})
                self.check_resident(server)
                self.assertEqual(client.run("CONFIG", "SET", "maxmemory-policy", policy), b"OK")

    def mixed_sizes_expiries_and_deletes(self, policy):
        server = self.start(policy)
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        worst = 0
        with server.client() as client:
            for _ in range(400):
                commands = []
                for _ in range(50):
                    key = f"key:{chance.randrange(20_000)}"
                    size = (chance.randrange(64, 2000) if chance.random() < 0.9
                            else chance.randrange(10_000, MEGABYTE))
                    if chance.random() < 0.2:
                        commands.append(("DEL", key))
                    elif chance.random() < 0.5:
                        commands.append(("SET", key, "v" * size, "PX", str(chance.randrange(1, 5000))))
                    else:
                        commands.append(("SET", key, "v" * size))
                self.run_all(client, commands)
                worst = max(worst, server.resident_bytes())
            self.assertLess(worst / LIMIT, TOLERANCE, f"seed {seed}")
            self.assertGreater(self.info(client, "evicted_keys"), 0)

    def test_mixed_sizes_expiries_and_deletes(self):
        for policy in ("allkeys-lru", "adaptive"):
            self.mixed_sizes_expiries_and_deletes(policy)


if __name__ == "__main__":
    unittest.main()
