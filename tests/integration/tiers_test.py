"""A second tier: a real redis-server below ours, which holds what memory has no room for.

Each test has a model of what it wrote, and compares every key with it in the end.
"""

import random
import signal
import subprocess
import time
import unittest

from certificates import Certificates
from lower_tier import MEGABYTE, LowerTier, TierTest, run_all, value
from strata import ReplyError, Server, encode, free_port, wait_until


class MoreThanMemory(TierTest):
    COUNT = 100_000

    def test_all_that_was_written_is_read_again(self):
        self.fill(self.COUNT)
        self.assert_resident_in_bounds()
        self.assertEqual(self.client.run("DBSIZE"), self.COUNT)
        self.assertGreater(self.below(), self.COUNT // 2)
        self.check(self.COUNT)
        self.assert_resident_in_bounds()

    def test_keys_answer_without_their_values(self):
        self.fill(self.COUNT)
        gets_before = self._gets_below()
        for start in range(0, 20_000, 500):
            keys = [f"k{i}" for i in range(start, start + 500)]
            replies = run_all(self.client, [("TYPE", key) for key in keys] +
                              [("TTL", key) for key in keys])
            self.assertEqual(replies, [b"string"] * 500 + [-1] * 500)
            self.assertEqual(self.client.run("EXISTS", *keys), 500)
        self.assertEqual(self._gets_below(), gets_before)
        self.assertEqual(self.client.run("DEL", *[f"k{i}" for i in range(5000)]), 5000)
        self.assertEqual(self.client.run("DBSIZE"), self.COUNT - 5000)
        self.check(10_000, missing=frozenset(range(5000)))

    def _gets_below(self):
        with self.tier.client() as client:
            lines = client.run("INFO", "commandstats").decode().splitlines()
        return sum(int(line.split("calls=")[1].split(",")[0]) for line in lines
                   if line.startswith("cmdstat_get:"))


class EveryType(TierTest):
    COUNT = 12_000
    POLICY = "adaptive"

    def make(self, i):
        """A command that makes key number i, and one that reads it, with its reply."""
        text = value(i, 400)
        kind = i % 5
        if kind == 0:
            return ("RPUSH", f"k{i}", *[text + b"%d" % n for n in range(5)]), \
                ("LRANGE", f"k{i}", 0, -1), [text + b"%d" % n for n in range(5)]
        if kind == 1:
            return ("HSET", f"k{i}", "f", text, "g", text + b"g"), \
                ("HMGET", f"k{i}", "g", "f"), [text + b"g", text]
        if kind == 2:
            return ("ZADD", f"k{i}", 2, text + b"b", 1, text + b"a"), \
                ("ZRANGE", f"k{i}", 0, -1, "WITHSCORES"), [text + b"a", b"1", text + b"b", b"2"]
        if kind == 3:
            return ("SADD", f"k{i}", text, b"x" * 500), ("SISMEMBER", f"k{i}", text), 1
        return ("XADD", f"k{i}", "1-1", "field", text * 2), \
            ("XRANGE", f"k{i}", "-", "+"), [[b"1-1", [b"field", text * 2]]]

    def test_values_of_every_type_come_back(self):
        self.client.run("CONFIG", "SET", "maxmemory", str(16 * MEGABYTE))
        for start in range(0, self.COUNT, 500):
            run_all(self.client, [self.make(i)[0] for i in range(start, start + 500)])
        self.assertGreater(self.below(), self.COUNT // 8)
        for start in range(0, self.COUNT, 500):
            made = [self.make(i) for i in range(start, start + 500)]
            for (_, _, expected), reply in zip(made, run_all(self.client, [m[1] for m in made])):
                self.assertEqual(reply, expected)


class Commands(TierTest):
    MEMORY = 40 * MEGABYTE

    def setUp(self):
        super().setUp()
        self.count = 60_000
        self.fill(self.count)

    def test_scripts_transactions_and_sort_see_all(self):
        run = self.client.run
        cold = random.Random(1).sample(range(20_000), 300)
        for i in cold[:100]:
            self.assertEqual(run("EVAL", "return redis.call('GET', KEYS[1])", 1, f"k{i}"), value(i))
        for i in cold[100:200]:  # undeclared
            script = "return redis.call('GET', 'k' .. ARGV[1])"
            self.assertEqual(run("EVAL", script, 0, i), value(i))
        for i in cold[200:]:
            replies = run_all(self.client, [("MULTI",), ("APPEND", f"k{i}", "+"), ("GET", f"k{i}"),
                                            ("EXEC",)])
            self.assertEqual(replies[-1], [len(value(i)) + 1, value(i) + b"+"])
        run("RPUSH", "list", *range(30_000, 30_050))
        self.assertEqual(run("SORT", "list", "BY", "nosort", "GET", "k*"),
                         [value(i) for i in range(30_000, 30_050)])
        self.assertEqual(run("MGET", *[f"k{i}" for i in range(31_000, 31_100)]),
                         [value(i) for i in range(31_000, 31_100)])

    def test_keys_are_renamed_copied_changed_and_expire(self):
        run = self.client.run
        self.assertEqual(run("RENAME", "k1", "renamed"), b"OK")
        self.assertEqual(run("COPY", "k2", "copy"), 1)
        self.assertEqual(run("GETDEL", "k3"), value(3))
        self.assertEqual(run("SET", "k4", "new", "GET"), value(4))
        self.assertEqual(run("SETRANGE", "k5", 0, "##"), len(value(5)))
        self.assertEqual(run("PEXPIRE", "k6", 100), 1)
        self.assertEqual(run("SET", "k7", "x", "NX"), None)
        self.fill_others()
        self.assertEqual(run("GET", "renamed"), value(1))
        self.assertEqual(run("GET", "copy"), value(2))
        self.assertEqual(run("GET", "k2"), value(2))
        self.assertEqual(run("GET", "k4"), b"new")
        self.assertEqual(run("GET", "k5"), b"##" + value(5)[2:])
        self.assertEqual(run("GET", "k7"), value(7))
        wait_until(lambda: run("EXISTS", "k6") == 0, "it expires")
        self.assertEqual(run("EXISTS", "k1", "k3"), 0)

    def fill_others(self):
        """Pushes everything else below."""
        for start in range(0, 30_000, 500):
            run_all(self.client, [("SET", f"other{i}", value(i)) for i in range(start, start + 500)])

    def test_databases_are_swapped_and_flushed(self):
        run = self.client.run
        self.assertEqual(run("SWAPDB", 0, 1), b"OK")
        self.assertEqual(run("GET", "k10"), None)
        run("SELECT", 1)
        self.check(2000)
        self.assertEqual(run("FLUSHDB"), b"OK")
        self.assertEqual(run("DBSIZE"), 0)
        self.assertEqual(run("GET", "k10"), None)
        self.fill(1000)
        self.check(1000)

    def test_a_blocked_move_into_a_list_that_lies_below(self):
        run = self.client.run
        run("RPUSH", "target", *[value(i, 300) for i in range(10)])
        self.fill_others()
        with self.server.client() as waiter:
            waiter.send(encode("BLMOVE", "source", "target", "LEFT", "RIGHT", 0))
            time.sleep(0.2)
            self.fill_others()
            run("RPUSH", "source", "moved")
            self.assertEqual(waiter.reply(), b"moved")
        self.assertEqual(run("LRANGE", "target", -1, -1), [b"moved"])
        self.assertEqual(run("LLEN", "target"), 11)


class Faults(TierTest):
    COUNT = 60_000
    POLICY = "allkeys-lru"
    TIER_WORDS = "request-timeout 1500"

    def read_some(self, numbers):
        return run_all(self.client, [("GET", f"k{i}") for i in numbers])

    def test_a_tier_that_stands_still_gives_errors_and_comes_back(self):
        self.client.run("CONFIG", "SET", "maxmemory-policy", "noeviction")
        self.fill(self.COUNT)
        self.tier.signal(signal.SIGSTOP)
        replies = [self.client.run("GET", f"k{i}") for i in range(10)]
        for i, reply in enumerate(replies):
            if isinstance(reply, ReplyError):
                self.assertTrue(reply.args[0].startswith("TIERDOWN"), reply)
            else:
                self.assertEqual(reply, value(i))
        self.assertTrue(any(isinstance(reply, ReplyError) for reply in replies))
        self.assertEqual(self.client.run("EXISTS", "k0"), 1)  # which waits for nobody
        self.tier.signal(signal.SIGCONT)
        # A value that is in memory again would not tell.
        self.wait_for_service()
        self.check(2000)

    def test_a_tier_that_lost_its_values_makes_misses(self):
        self.fill(self.COUNT)
        with self.tier.client() as client:
            client.run("FLUSHALL")
        found = [reply for reply in self.read_some(range(self.COUNT)) if reply is not None]
        self.assertLess(len(found), self.COUNT)
        self.fill(self.COUNT)
        self.check(self.COUNT)

    def test_a_tier_that_is_killed_and_started_again(self):
        self.fill(self.COUNT)
        self.tier.signal(signal.SIGKILL)
        self.tier.process.wait()
        replies = [self.client.run("GET", f"k{i}") for i in range(200)]
        self.assertTrue(any(isinstance(reply, ReplyError) for reply in replies))
        self.tier.start()
        self.wait_for_service()
        self.fill(self.COUNT)
        wait_until(lambda: self.below() > 1000, "values go below again")
        for i, reply in enumerate(self.read_some(range(self.COUNT))):
            self.assertIn(reply, (None, value(i)))


class Misses(TierTest):
    TIER_WORDS = "on-error miss request-timeout 1500"

    def test_reads_find_nothing_and_writes_get_the_error(self):
        self.fill(60_000)
        self.tier.signal(signal.SIGSTOP)
        replies = [self.client.run("GET", f"k{i}") for i in range(10)]
        for i, reply in enumerate(replies):
            self.assertIn(reply, (None, value(i)))
        self.assertIn(None, replies)
        wrote = [self.client.run("APPEND", f"k{i}", "x") for i in range(10)]
        self.assertTrue(any(isinstance(reply, ReplyError) for reply in wrote), wrote)
        self.tier.signal(signal.SIGCONT)


class FullTier(TierTest):
    POLICY = "allkeys-lru"
    TIER_OPTIONS = ("--maxmemory", "20mb", "--maxmemory-policy", "noeviction")

    def test_what_a_full_tier_does_not_take_is_evicted(self):
        values = [random.Random(i).randbytes(1500) for i in range(60_000)]  # nothing compresses them
        for start in range(0, len(values), 500):
            run_all(self.client, [("SET", f"k{i}", values[i]) for i in range(start, start + 500)])
        self.assert_resident_in_bounds()
        missing = 0
        for start in range(0, len(values), 500):
            numbers = range(start, start + 500)
            for i, reply in zip(numbers, run_all(self.client, [("GET", f"k{i}") for i in numbers])):
                missing += reply is None
                self.assertTrue(reply is None or reply == values[i], f"k{i}")
        self.assertGreater(missing, 0)
        self.assertLess(missing, 45_000)


class Encrypted(TierTest):
    """Over TLS; each side shows a certificate."""

    COUNT = 60_000

    def setUp(self):
        certificates = Certificates()
        self.addCleanup(certificates.remove)
        self.file = certificates.file
        certificates.make_authority("ca")
        for name in ("server", "client"):
            certificates.issue(name, "ca")
        self.tls_port = free_port()
        self.TIER_OPTIONS = (
            "--tls-port", str(self.tls_port), "--tls-cert-file", self.file("server.pem"),
            "--tls-key-file", self.file("server.key"), "--tls-ca-cert-file", self.file("ca.pem"))
        super().setUp()

    def tier_words(self):
        return (f"address 127.0.0.1:{self.tls_port} request-timeout 10000 tls yes "
                f"tls-ca-cert-file {self.file('ca.pem')} tls-cert-file {self.file('client.pem')} "
                f"tls-key-file {self.file('client.key')} tls-server-name server.test")

    def test_values_go_and_come(self):
        self.fill(self.COUNT)
        self.assertGreater(self.below(), self.COUNT // 4)
        self.check(self.COUNT)

    def test_files_that_cannot_be_used_are_named_at_the_start(self):
        for file in ("ca.pem", "client.pem", "client.key"):
            words = self.tier_words().replace(self.file(file), self.file("none.pem")).split()
            with self.assertRaisesRegex(AssertionError, "tier 'cold': TLS: .*none.pem"):
                Server("--tier", "cold", *words)


class LowerCluster:
    """Three masters of Redis Cluster."""

    def __init__(self):
        self.nodes = []
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        for _ in range(3):
            self.nodes.append(LowerTier("--cluster-enabled", "yes"))
        addresses = [f"127.0.0.1:{node.port}" for node in self.nodes]
        subprocess.run(["redis-cli", "--cluster", "create", "--cluster-yes", *addresses],
                       check=True, stdout=subprocess.DEVNULL)
        self.port = self.nodes[1].port
        for node in self.nodes:
            wait_until(lambda node=node: self._is_well(node), "the cluster is well")

    @staticmethod
    def _is_well(node):
        with node.client() as client:
            return b"cluster_state:ok" in client.run("CLUSTER", "INFO")

    def sizes(self):
        sizes = []
        for node in self.nodes:
            with node.client() as client:
                sizes.append(client.run("DBSIZE"))
        return sizes

    def close(self):
        for node in self.nodes:
            node.close()


class OverCluster(TierTest):
    COUNT = 60_000

    def start_tier(self):
        return LowerCluster()

    def tier_words(self):
        return super().tier_words() + " kind redis-cluster"

    def test_values_lie_on_all_nodes_and_come_back(self):
        self.fill(self.COUNT)
        self.assertGreater(min(self.tier.sizes()), self.COUNT // 20)
        self.check(self.COUNT)


if __name__ == "__main__":
    unittest.main()
