"""What nobody needs any more in the tier below memory goes: copies of earlier runs, of flushed
databases, and those that were forgotten. What is another server's stays.
"""

import random
import signal
import unittest

from lower_tier import MEGABYTE, LowerTier, TierTest, run_all, value
from strata import Server, wait_until
from tiers_test import LowerCluster


# The owner's, and what the run leaves for one that adopts it.
RECORDS = {b"strata:mine:owner", b"strata:mine:run"}


class SweepTest(TierTest):
    MEMORY = 32 * MEGABYTE
    COUNT = 40_000

    def tier_words(self):
        return super().tier_words() + " node mine"

    def status(self):
        reply = self.client.run("CACHE.TIER", "STATUS")[0]
        return dict(zip(reply[::2], reply[1::2]))

    def figure(self, name):
        return self.status()[name.encode()]

    def names(self, tier=None):
        """Below, all."""
        with (tier or self.tier).client() as client:
            return set(client.run("KEYS", "*"))

    def restart(self):
        self.start()
        self.wait_for_tier()

    def demote_all(self, count):
        for start in range(0, count, 500):
            self.client.run("CACHE.DEMOTE", *[f"k{i}" for i in range(start, start + 500)])

    def wait_until_swept(self, foreign, what):
        """Below are those names and the records, and what keys have there."""
        wait_until(lambda: self.names() >= foreign and
                   len(self.names()) == len(foreign) + 2 + self.figure("keys"), what)


class OldGenerations(SweepTest):
    FOREIGN = {b"strata:theirs:1:0:k", b"strata:mine2:1:0:k", b"strata:min:1:0:k",
               b"other:mine:1:0:k", b"strata:mine", b"strata:mine:note", b"strata:mine:1:0",
               b"strata", b"k"}

    def write_foreign(self):
        with self.tier.client() as client:
            for name in self.FOREIGN:
                client.run("SET", name, "theirs")

    def test_after_a_restart(self):
        self.write_foreign()
        self.fill(self.COUNT)
        old = self.names()
        self.assertGreater(len(old), 10_000)
        self.server.stop()
        self.assertNotIn(b"strata:mine:owner", self.names())
        self.restart()
        # Beside the work that there is.
        self.fill(self.COUNT)
        self.wait_until_swept(self.FOREIGN, "the old generation is gone")
        self.assertEqual(self.names() & old, self.FOREIGN | RECORDS)
        self.assertGreater(self.figure("swept-copies"), 10_000)
        wait_until(lambda: self.figure("sweeps") > 0 and not self.figure("sweeping"))
        self.check(self.COUNT)

    def test_after_a_crash_once_the_lease_ends(self):
        self.write_foreign()
        self.fill(self.COUNT)
        self.kill()
        self.restart()
        wait_until(lambda: self.status()[b"state"] == b"foreign")
        wait_until(lambda: self.status()[b"state"] == b"up", "the lease ends")
        self.fill(self.COUNT)
        self.wait_until_swept(self.FOREIGN, "the old generation is gone")
        self.check(self.COUNT)


class Flushes(SweepTest):
    def test_a_flushed_database_goes_and_others_stay(self):
        self.fill(self.COUNT)
        self.client.run("SELECT", "1")
        self.fill(self.COUNT // 2)
        self.demote_all(self.COUNT // 2)
        before = len(self.names())
        self.client.run("FLUSHDB")
        self.wait_until_swept(set(), "database 1 is gone")
        self.assertLess(len(self.names()), before - self.COUNT // 3)
        self.assertEqual(self.client.run("DBSIZE"), 0)
        self.client.run("SELECT", "0")
        self.check(self.COUNT)
        self.client.run("FLUSHALL")
        wait_until(lambda: self.names() == RECORDS, "all is gone")
        self.fill(1000)
        self.demote_all(1000)
        self.check(1000)


class Litter(SweepTest):
    COUNT = 14_000
    TIER_WORDS = "request-timeout 500"

    def setUp(self):
        super().setUp()
        self.server.stop()
        self.server.options += ["--shards", "4", "--io-threads", "2"]
        self.restart()

    def test_what_a_stall_made_forget_is_found(self):
        wait_until(lambda: self.status()[b"state"] == b"up")
        self.fill(self.COUNT)
        wait_until(lambda: self.figure("sweeps") > 0)
        self.demote_all(self.COUNT)
        self.assertEqual(self.figure("keys"), self.COUNT)
        self.tier.signal(signal.SIGSTOP)
        self.addCleanup(self.tier.signal, signal.SIGCONT)
        changed = random.Random(1).sample(range(self.COUNT), 12_000)
        replies = run_all(self.client, [("SET", f"k{i}", "short") for i in changed])
        self.assertEqual(set(replies), {b"OK"})
        self.assertLess(self.figure("owed-erasures"), 10_000)  # the others are forgotten
        self.tier.signal(signal.SIGCONT)
        self.wait_until_swept(set(), "the litter is gone")
        self.assertEqual(self.figure("littered"), 0)
        self.assertEqual(self.figure("keys"), self.COUNT - 12_000)
        changed = set(changed)
        for start in range(0, self.COUNT, 500):
            numbers = range(start, start + 500)
            for i, reply in zip(numbers, run_all(self.client, [("GET", f"k{i}") for i in numbers])):
                self.assertEqual(reply, b"short" if i in changed else value(i), f"k{i}")


class SameNode(SweepTest):
    def test_the_second_server_warns_and_erases_nothing(self):
        self.fill(self.COUNT)
        names = self.names()
        second = Server(*self.server.options[4:])
        self.addCleanup(second.close)
        first_client, self.client = self.client, second.client()
        self.addCleanup(self.client.close)
        wait_until(lambda: self.status()[b"state"] == b"foreign")
        wait_until(lambda: "different values of its 'node'" in second.log())
        self.fill(1000, 1600)
        self.assertEqual(self.client.run("CACHE.DEMOTE", *[f"k{i}" for i in range(1000)]), 0)
        self.client.run("FLUSHALL")
        self.fill(1000, 1600)
        self.assertLessEqual(names, self.names())
        generations = {name.split(b":")[2] for name in self.names()} - {b"owner", b"run"}
        self.assertEqual(len(generations), 1)
        second_client, self.client = self.client, first_client
        self.check(self.COUNT)
        self.assertEqual(self.status()[b"state"], b"up")
        self.assertEqual(self.server.log().count("different values of its 'node'"), 0)
        # Its names are free then, and what it left is litter.
        self.server.stop()
        self.client = second_client
        wait_until(lambda: self.status()[b"state"] == b"up")
        wait_until(lambda: "are this server's now" in second.log())
        self.wait_until_swept(set(), "what the first one left is gone")
        self.demote_all(1000)
        self.check(1000, 1600)


class FullTier(SweepTest):
    TIER_OPTIONS = ("--maxmemory", str(20 * MEGABYTE), "--maxmemory-policy", "noeviction")

    def test_what_an_earlier_run_filled_becomes_free(self):
        run_all(self.client, [("SET", f"k{i}", random.Random(i).randbytes(1500))
                              for i in range(30_000)])
        wait_until(lambda: self.status()[b"state"] == b"full")
        self.kill()
        wait_until(lambda: b"strata:mine:owner" not in self.names(), "the lease has ended")
        others = set(RECORDS)
        with self.tier.client() as client:
            while client.run("SET", f"x{len(others)}", "x" * 100) == b"OK":
                others.add(b"x%d" % len(others))
        self.restart()
        wait_until(lambda: self.names() == others, "there is room again")
        wait_until(lambda: self.status()[b"state"] == b"up")


class TwoServers(SweepTest):
    def tier_words(self):
        self.other = LowerTier()
        self.addCleanup(self.other.close)
        return super().tier_words() + f" address 127.0.0.1:{self.other.port}"

    def test_both_are_swept(self):
        self.fill(self.COUNT)
        self.assertGreater(len(self.names(self.other)), 5000)
        self.server.stop()
        self.restart()
        wait_until(lambda: self.names() | self.names(self.other) == RECORDS,
                   "both are empty")


class Cluster(SweepTest):
    def start_tier(self):
        return LowerCluster()

    def tier_words(self):
        return super().tier_words() + " kind redis-cluster"

    def test_all_masters_are_swept(self):
        self.fill(self.COUNT)
        self.assertGreater(min(self.tier.sizes()), 1000)
        self.server.stop()
        self.restart()
        wait_until(lambda: sum(self.tier.sizes()) == 2, "all are empty")


if __name__ == "__main__":
    unittest.main()
