#!/usr/bin/python3
"""Classes of keys: queues and caches in one server, quotas held at full speed, new classes for old
keys, and the limit that a container sets."""

import os
import tempfile
import time
import unittest

from strata import ReplyError, Server, encode, wait_until

MEGABYTE = 1 << 20
YAML = """memory:
  maxmemory: 64mb
  maxmemory-policy: adaptive
  classes:
    queues:            # what must not be lost
      match: ["bull:*", "queue:*"]
      noevict: true
    pages:
      match: page:*
      quota: 8mb
      ttl: 3600
      ttl-jitter: 10
    jobs: {database: 1, noevict: yes}
"""


class Classes(unittest.TestCase):
    def start(self, *options, **more):
        server = Server("--io-threads", "2", *options, **more)
        self.addCleanup(server.close)
        return server

    def fill(self, client, prefix, first, keys, size):
        client.send(b"".join(encode("SET", f"{prefix}{i}", "v" * size)
                             for i in range(first, first + keys)))
        return [client.reply() for _ in range(keys)]

    def stats(self, client, name):
        words = client.run("CACHE.CLASS", "STATS", name)
        return dict(zip(words[::2], words[1::2]))

    def test_queues_and_caches_share_a_server(self):
        folder = tempfile.mkdtemp(prefix="strata-classes-")
        path = os.path.join(folder, "strata.yaml")
        with open(path, "w") as file:
            file.write(YAML)
        server = self.start(config=path)
        with server.client() as client:
            for i in range(1000):
                client.run("RPUSH", f"bull:{i}", "job" * 20)
            for chunk in range(0, 200_000, 2000):
                self.assertEqual(set(self.fill(client, "cache:", chunk, 2000, 500)), {b"OK"})
                self.fill(client, "page:", chunk, 500, 500)
                self.assertLess(self.stats(client, "pages")[b"bytes"], 8.4 * MEGABYTE)
                self.assertLess(server.resident_bytes(), 1.05 * 64 * MEGABYTE)
            queues = self.stats(client, "queues")
            self.assertEqual((queues[b"keys"], queues[b"evicted-keys"]), (1000, 0))
            self.assertGreater(self.stats(client, "default")[b"evicted-keys"], 50_000)
            self.assertGreater(self.stats(client, "pages")[b"bytes"], 7 * MEGABYTE)
            self.fill(client, "page:", 0, 1, 10)
            self.assertTrue(3240 <= client.run("TTL", "page:0") <= 3600)
            self.assertIn("maxmemory_policy:adaptive", client.run("INFO", "memory").decode())
            client.run("SELECT", "1")
            self.assertIn("maxmemory_policy:noeviction", client.run("INFO", "memory").decode())

            client.run("CACHE.CLASS", "SET", "queues", "weight", "2")
            self.assertEqual(client.run("CONFIG", "REWRITE"), b"OK")
            listed = client.run("CACHE.CLASS", "LIST")
        server.stop()
        server.start()
        with server.client() as client:
            self.assertEqual(client.run("CACHE.CLASS", "LIST"), listed)
            self.assertIn(b"queues match bull:* match queue:* weight 2 policy noeviction", listed)

    def test_keys_get_the_class_that_comes_after_them(self):
        server = self.start()
        with server.client() as client:
            for chunk in range(0, 200_000, 2000):
                self.fill(client, "a:", chunk, 2000, 100)
            client.run("CACHE.CLASS", "SET", "a", "match", "a:*")
            self.fill(client, "a:", 200_000, 2000, 100)
            wait_until(lambda: self.stats(client, "a")[b"keys"] == 202_000, "all are of the class")
            # From now on it has a quota, and keys that may go.
            client.run("CACHE.CLASS", "SET", "a", "quota", "10mb", "policy", "allkeys-lru")
            wait_until(lambda: self.stats(client, "a")[b"bytes"] <= 10 * MEGABYTE, "it has shrunk")
            self.assertGreater(self.stats(client, "a")[b"bytes"], 9 * MEGABYTE)
            client.run("CACHE.CLASS", "SET", "a", "policy", "noeviction", "quota", "5mb")
            refused = client.run("SET", "a:0", "v")
            self.assertIsInstance(refused, ReplyError)
            self.assertIn("class 'a' is above its quota", str(refused))
            self.assertEqual(client.run("SET", "b:0", "v"), b"OK")

    def test_a_list_that_grows_in_place_counts(self):
        server = self.start("--class", "q", "match", "q:*", "quota", "2mb", "noevict", "yes")
        with server.client() as client:
            def push():
                replies = [client.run("RPUSH", "q:1", "v" * 1000) for _ in range(100)]
                return any(isinstance(reply, ReplyError) for reply in replies)
            wait_until(push, "the list has its quota")
            self.assertGreater(client.run("LLEN", "q:1"), 1500)
            client.run("DEL", "q:1")
            self.assertEqual(client.run("RPUSH", "q:1", "v"), 1)

    def test_contradictions_are_told_with_their_line(self):
        from strata import PROGRAM
        import subprocess
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write("port 0\nmaxmemory 1mb\nclass a quota 2mb\n")
            file.flush()
            result = subprocess.run([PROGRAM, file.name], capture_output=True, text=True)
            self.assertEqual(result.returncode, 78)
            self.assertIn(":3: classes: class 'a': its quota is above maxmemory", result.stderr)


class Container(unittest.TestCase):
    """Needs root and a control group with memory that takes groups below it."""

    def make_group(self, limit):
        for root, name in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                           ("/sys/fs/cgroup", "memory.max")):
            group = f"{root}/strata-test-{os.getpid()}"
            try:
                os.mkdir(group)
                self.addCleanup(os.rmdir, group)
                with open(f"{group}/{name}", "w") as file:
                    file.write(str(limit))
                return group
            except OSError as failure:
                reason = failure
        self.skipTest(f"no control group can be made here: {reason}")

    def test_the_limit_of_a_control_group_is_held_without_maxmemory(self):
        group = self.make_group(100 * MEGABYTE)
        with open("/proc/self/cgroup") as file:
            before = [line for line in file if ":memory:" in line or line.startswith("0::")]
        own = f"{os.path.dirname(group)}{before[-1].split(':', 2)[2].strip()}/cgroup.procs"
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write(str(os.getpid()))  # children are born into it
        try:
            server = Server("--maxmemory-policy", "allkeys-lru")
            self.addCleanup(server.close)
        finally:
            with open(own, "w") as file:
                file.write(str(os.getpid()))
        with server.client() as client:
            info = client.run("INFO", "memory").decode()
            limit = int(next(line for line in info.splitlines()
                             if line.startswith("maxmemory:")).split(":")[1])
            self.assertAlmostEqual(limit / MEGABYTE, 80, delta=1)
            for chunk in range(0, 300_000, 2000):
                client.send(b"".join(encode("SET", f"k:{i}", "v" * 500)
                                     for i in range(chunk, chunk + 2000)))
                self.assertEqual({client.reply() for _ in range(2000)}, {b"OK"})
            self.assertLess(server.resident_bytes(), 1.05 * limit)
        server.stop()
        time.sleep(0.1)  # the kernel empties the group


if __name__ == "__main__":
    unittest.main()
