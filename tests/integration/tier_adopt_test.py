"""A server that adopts what its last run left in the tier below memory: keys are found again after
a restart, at once and none older than it was.
"""

import random
import signal
import subprocess
import threading
import time
import unittest

from lower_tier import MEGABYTE, TierTest, run_all, value
from strata import PROGRAM, encode, wait_until

RECORD = b"strata:mine:run"


class AdoptTest(TierTest):
    MEMORY = 32 * MEGABYTE
    COUNT = 30_000
    TIER_WORDS = "request-timeout 10000 node mine adopt yes"

    def figure(self, name):
        return self.status()[name]

    def demote(self, names):
        """Those of the names whose values lie below then."""
        for start in range(0, len(names), 500):
            self.client.run("CACHE.DEMOTE", *names[start:start + 500])
        tiers = run_all(self.client, [("OBJECT", "TIER", name) for name in names])
        return [name for name, tier in zip(names, tiers) if tier not in (None, b"memory")]

    def stop(self):
        self.server.stop()

    def restart(self):
        self.stop()
        self.start()

    def wait_until_adopted(self):
        wait_until(lambda: not self.figure("adopting"), "all is known that the last run left")

    def forbid_scan(self, forbid):
        """Without SCAN nothing is found but what commands name: adoption does not end."""
        with self.tier.client() as client:
            client.run("ACL", "SETUSER", "default", "-scan" if forbid else "+scan")

    def names(self):
        with self.tier.client() as client:
            return set(client.run("KEYS", "*"))


class Restarts(AdoptTest):
    def test_more_than_memory_is_found_again(self):
        self.fill(self.COUNT)
        below = self.demote([f"k{i}" for i in range(self.COUNT)])
        self.assertEqual(len(below), self.COUNT)
        self.restart()
        chance = random.Random(1)
        for i in chance.sample(range(self.COUNT), 200):  # while not all is known
            self.assertEqual(self.client.run("GET", f"k{i}"), value(i))
        self.wait_until_adopted()
        self.assertEqual(self.client.run("DBSIZE"), self.COUNT)
        self.check(self.COUNT)
        self.assertEqual(self.figure("lost-values"), 0)
        self.assert_resident_in_bounds()
        for _ in range(2):  # what was adopted is left to the next one as well
            self.demote(below)
            self.restart()
        self.wait_until_adopted()
        self.check(self.COUNT)

    def change_and_delete(self):
        """Of 5000 keys whose values lie below: the numbers that are changed then, and deleted."""
        self.fill(5000)
        self.demote([f"k{i}" for i in range(5000)])
        changed, deleted = set(range(0, 5000, 3)), set(range(1, 5000, 3))
        run_all(self.client, [("SET", f"k{i}", f"new{i}") for i in changed])
        run_all(self.client, [("DEL", f"k{i}") for i in deleted])
        return changed, deleted

    def test_what_is_only_in_memory_goes_below_at_the_end(self):
        changed, deleted = self.change_and_delete()
        self.client.run("SELECT", 5)
        self.client.run("RPUSH", "list", "a", "b")
        self.restart()
        self.assertIn("saved 1668 values", self.server.log())
        self.wait_until_adopted()
        self.assertEqual(self.client.run("DBSIZE"), 5000 - len(deleted))
        replies = run_all(self.client, [("GET", f"k{i}") for i in range(5000)])
        for i, reply in enumerate(replies):
            expected = b"new%d" % i if i in changed else None if i in deleted else value(i)
            self.assertEqual(reply, expected, f"k{i}")
        self.client.run("SELECT", 5)
        self.assertEqual(self.client.run("LRANGE", "list", 0, -1), [b"a", b"b"])

    def test_an_end_in_the_middle_of_writing_loses_nothing_that_was_acknowledged(self):
        acknowledged = [[] for _ in range(4)]

        def write(number):
            with self.server.client() as client:
                try:
                    for start in range(number, 1 << 30, 400):
                        some = range(start, start + 400, 4)
                        replies = run_all(client, [("SET", f"k{i}", value(i)) for i in some])
                        acknowledged[number] += [i for i, reply in zip(some, replies)
                                                 if reply == b"OK"]
                except (EOFError, ConnectionError):
                    pass

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        wait_until(lambda: self.figure("keys") > 10_000, "much lies below")
        self.stop()
        for writer in writers:
            writer.join()
        self.assertNotIn("but not all", self.server.log())
        self.start()
        for numbers in acknowledged:
            for start in range(0, len(numbers), 500):
                some = numbers[start:start + 500]
                replies = run_all(self.client, [("GET", f"k{i}") for i in some])
                self.assertEqual(replies, [value(i) for i in some])

    def test_without_saving_nothing_is_older_than_it_was(self):
        changed, deleted = self.change_and_delete()
        self.client.send(encode("SHUTDOWN", "NOSAVE"))
        self.assertEqual(self.server.wait(), 0)
        self.start()
        self.wait_until_adopted()
        self.check(5000, missing=changed | deleted)
        self.assertEqual(self.client.run("DBSIZE"), 5000 - len(changed) - len(deleted))

    def test_after_a_crash_what_was_acknowledged_a_second_ago_is_not_undone(self):
        changed, deleted = self.change_and_delete()
        wait_until(lambda: self.figure("owed-erasures") == 0)
        time.sleep(1)
        self.kill()
        self.start()
        self.wait_until_adopted()
        self.check(5000, missing=changed | deleted)

    def contents(self, name):
        """In an order that does not change from run to run."""
        run = self.client.run
        kind = run("TYPE", name)
        if kind == b"set":
            return sorted(run("SMEMBERS", name))
        if kind == b"hash":
            flat = run("HGETALL", name)
            return sorted(zip(flat[::2], flat[1::2]))
        if kind == b"zset":
            return run("ZRANGE", name, 0, -1, "WITHSCORES")
        return run("DUMP", name)

    def test_all_types_and_their_expiries(self):
        run = self.client.run
        large = b"x" * 400
        run("SET", "string", large)
        run("RPUSH", "list", *[large + b"%d" % i for i in range(40)])
        run("RPUSH", "short-list", large, "b")
        run("SADD", "set", *[large + b"%d" % i for i in range(40)])
        run("SADD", "numbers", *range(300))
        run("ZADD", "scores", *sum(([i, large + b"%d" % i] for i in range(200)), []))
        run("ZADD", "few-scores", 1, "a" * 60, 2, "b" * 60, 3, "c" * 60, 4, "d" * 60, 5, "e" * 60)
        run("HSET", "hash", *sum(([f"f{i}", large] for i in range(200)), []))
        run("HSET", "small-hash", *sum(([f"f{i}", "v" * 20] for i in range(20)), []))
        run("XADD", "stream", "1-1", "field", large)
        run("XGROUP", "CREATE", "stream", "group", "0")
        run("SETBIT", "bits", 8000, 1)
        names = sorted(name.decode() for name in run("KEYS", "*"))
        for i, name in enumerate(names):
            if i % 2:
                run("PEXPIRE", name, 1_000_000)
        run("SET", "short-lived", large, "PX", 700)
        contents = {name: self.contents(name) for name in names}
        types = {name: run("TYPE", name) for name in names}
        encodings = {name: run("OBJECT", "ENCODING", name) for name in names}
        self.assertEqual(self.demote(names), names)
        self.demote(["short-lived"])
        self.restart()
        self.wait_until_adopted()
        for i, name in enumerate(names):
            with self.subTest(name):
                self.assertEqual(run_all(self.client, [("TYPE", name)])[0], types[name])
                self.assertEqual(self.client.run("OBJECT", "TIER", name), b"cold")
                ttl = self.client.run("PTTL", name)
                self.assertTrue(900_000 < ttl <= 1_000_000 if i % 2 else ttl == -1, ttl)
                self.assertEqual(self.contents(name), contents[name])
                self.assertEqual(self.client.run("OBJECT", "ENCODING", name), encodings[name])
        wait_until(lambda: not self.client.run("EXISTS", "short-lived"), "it expires")

    def test_databases_that_were_swapped_and_flushed(self):
        run = self.client.run
        for database in (0, 1, 2):
            run("SELECT", database)
            self.fill(500, 1500 + 100 * database)
            self.demote([f"k{i}" for i in range(500)])
        run("SWAPDB", 0, 2)
        run("SELECT", 1)
        run("FLUSHDB")
        run("SELECT", 3)
        self.fill(500, 1800)
        self.demote([f"k{i}" for i in range(500)])
        self.restart()
        self.wait_until_adopted()
        for database, size in {0: 1700, 2: 1500, 3: 1800}.items():
            self.client.run("SELECT", database)
            self.check(500, size)
        self.client.run("SELECT", 1)
        self.assertEqual(self.client.run("DBSIZE"), 0)
        self.assertIsNone(self.client.run("GET", "k1"))

    def test_after_a_crash_once_the_lease_ends(self):
        self.fill(2000)
        self.demote([f"k{i}" for i in range(2000)])
        self.kill()
        self.start()
        self.assertIn("those of run id", self.server.log())
        self.check(2000)

    def test_memory_that_has_become_less(self):
        self.server.options += ["--maxmemory-policy", "allkeys-lru"]
        self.restart()
        self.wait_for_tier()
        self.fill(self.COUNT, 600)
        below = self.demote([f"k{i}" for i in range(self.COUNT)])
        self.assertGreater(len(below), self.COUNT * 0.9)
        self.server.options[self.server.options.index("--maxmemory") + 1] = str(18 * MEGABYTE)
        self.restart()
        self.wait_until_adopted()
        kept = self.client.run("DBSIZE")
        for start in range(0, self.COUNT, 500):
            numbers = range(start, start + 500)
            for i, reply in zip(numbers, run_all(self.client, [("GET", f"k{i}") for i in numbers])):
                self.assertIn(reply, (None, value(i, 600)))
        self.assertLessEqual(self.client.run("DBSIZE"), kept)


class BesideTheWalk(AdoptTest):
    """Nothing is known but what commands name: the tier lists nothing."""

    def setUp(self):
        super().setUp()
        self.fill(300)
        self.client.run("SELECT", 1)
        self.fill(10, 1600)
        self.demote([f"k{i}" for i in range(10)])
        self.client.run("SELECT", 0)
        self.client.run("RPUSH", "list", *["x" * 300 + str(i) for i in range(5)])
        self.client.run("SET", "number", "7" + "0" * 300)
        self.demote([f"k{i}" for i in range(300)] + ["list", "number"])
        self.stop()
        self.forbid_scan(True)
        self.start()
        wait_until(lambda: "SCAN is refused" in self.server.log())

    def test_commands_see_what_is_there(self):
        run = self.client.run
        self.assertEqual(run("DBSIZE"), 0)
        self.assertEqual(run("EXISTS", "k0", "k1", "nothing"), 2)
        self.assertEqual(run("DEL", "k0", "k2", "nothing"), 2)
        self.assertIsNone(run("GET", "k0"))
        self.assertIsNone(run("SET", "k3", "new", "NX"))
        self.assertEqual(run("SET", "nothing", "new", "NX"), b"OK")
        self.assertEqual(run("GET", "nothing"), b"new")
        self.assertEqual(run("SET", "k4", "new", "GET"), value(4))
        self.assertEqual(run("APPEND", "k5", "!"), len(value(5)) + 1)
        self.assertEqual(run("STRLEN", "k6"), len(value(6)))
        self.assertEqual(run("TYPE", "list"), b"list")
        self.assertEqual(run("LRANGE", "list", -1, -1), [b"x" * 300 + b"4"])
        self.assertEqual(run("TTL", "k7"), -1)
        self.assertEqual(run("RENAMENX", "k7", "k8"), 0)
        self.assertEqual(run("RENAME", "k7", "k9"), b"OK")
        self.assertEqual(run("GET", "k9"), value(7))
        self.assertEqual(run("MGET", "k10", "nowhere", "k11"), [value(10), None, value(11)])
        self.assertEqual(run("MSETNX", "fresh", "a", "k12", "b"), 0)
        self.assertEqual(run("OBJECT", "TIER", "k13"), b"cold")
        self.assertEqual(run("CACHE.DEMOTE", "k14"), run("EXISTS", "k14"))
        self.assertEqual(self.figure("adopting"), 1)

    def test_a_key_in_another_database(self):
        run = self.client.run
        self.assertEqual(run("MOVE", "k1", 1), 0)
        self.assertEqual(run("COPY", "k2", "k2", "DB", 1), 0)
        self.assertEqual(run("COPY", "k3", "k3", "DB", 1, "REPLACE"), 1)
        self.assertEqual(run("MOVE", "k20", 1), 1)
        run("SELECT", 1)
        self.assertEqual(run("MGET", "k1", "k2", "k3", "k20"),
                         [value(1, 1600), value(2, 1600), value(3), value(20)])

    def test_scripts_and_transactions(self):
        run = self.client.run
        undeclared = "return {redis.call('EXISTS', 'k1'), redis.call('GET', 'k2'), " \
                     "redis.call('GET', 'nothing'), redis.call('DEL', 'k3', 'k3')}"
        self.assertEqual(run("EVAL", undeclared, 0), [1, value(2), None, 1])
        self.assertIsNone(run("GET", "k3"))
        self.assertEqual(run("EVAL", "return redis.call('STRLEN', KEYS[1])", 1, "k4"),
                         len(value(4)))
        commands = [("MULTI",), ("GET", "k5"), ("EXISTS", "nothing"), ("APPEND", "k6", "!"),
                    ("EXEC",)]
        self.assertEqual(run_all(self.client, commands)[-1],
                         [value(5), 0, len(value(6)) + 1])
        run("WATCH", "k7")
        with self.server.client() as other:
            other.run("APPEND", "k7", "!")
        run("MULTI")
        run("GET", "k7")
        self.assertIsNone(run("EXEC"))
        run("RPUSH", "ids", 8, 9)
        self.assertEqual(run("SORT", "ids", "BY", "nosort", "GET", "k*"), [value(8), value(9)])

    def test_pipelines_and_many_clients(self):
        numbers = list(range(300)) * 3
        random.Random(2).shuffle(numbers)
        clients = [self.server.client() for _ in range(8)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(b"".join(encode("GET", f"k{i}") + encode("EXISTS", f"none{i}")
                                 for i in numbers))
        for client in clients:
            for i in numbers:
                self.assertEqual(client.reply(), value(i))
                self.assertEqual(client.reply(), 0)
        self.assertEqual(self.figure("adopted-copies"), 300)

    def test_a_flushed_database_does_not_come_back(self):
        self.client.run("FLUSHDB")
        self.assertIsNone(self.client.run("GET", "k1"))
        self.assertEqual(self.client.run("SET", "k2", "new"), b"OK")
        self.restart()
        self.assertIsNone(self.client.run("GET", "k1"))
        self.client.run("SELECT", 1)
        self.check(10, 1600)

    def test_when_names_are_listed_again_all_is_known(self):
        self.client.run("SET", "k1", "new")
        self.forbid_scan(False)
        self.wait_until_adopted()
        self.assertEqual(self.client.run("DBSIZE"), 302)
        self.assertEqual(self.client.run("GET", "k1"), b"new")
        wait_until(lambda: b"k1" not in {name.split(b":")[-1] for name in self.names()
                                         if b":0:" in name}, "the old copy is gone")

    def test_a_tier_that_is_down_meanwhile(self):
        self.tier.process.kill()
        self.tier.process.wait()
        wait_until(lambda: "TIERDOWN" in str(self.client.run("GET", "k1")))
        self.assertIn("TIERDOWN", str(self.client.run("SET", "k2", "new")))


class Starts(AdoptTest):
    def test_it_waits_for_a_tier_that_is_down(self):
        self.fill(100)
        self.demote([f"k{i}" for i in range(100)])
        self.stop()
        self.tier.signal(signal.SIGSTOP)
        words = [PROGRAM, *self.server.options]
        with open(self.server.path("log"), "ab") as log:
            self.server.process = subprocess.Popen(words, cwd=self.server.folder, stdout=log,
                                                   stderr=subprocess.STDOUT)
        wait_until(lambda: "waits for it before anything is served" in self.server.log())
        with self.assertRaises(ConnectionError):
            self.server.client()
        self.tier.signal(signal.SIGCONT)
        wait_until(self.server._answers)
        self.client = self.server.client()
        self.check(100)
        self.client.close()
        # And it can be ended while it waits.
        self.stop()
        self.tier.signal(signal.SIGSTOP)
        with open(self.server.path("log"), "ab") as log:
            self.server.process = subprocess.Popen(words, cwd=self.server.folder, stdout=log,
                                                   stderr=subprocess.STDOUT)
        wait_until(lambda: self.server.log().count("waits for it before anything is served") == 2)
        self.stop()
        self.tier.signal(signal.SIGCONT)

    def test_a_record_that_is_damaged_is_told_of_and_nothing_is_lost(self):
        self.fill(100)
        self.demote([f"k{i}" for i in range(100)])
        self.stop()
        with self.tier.client() as client:
            record = client.run("GET", RECORD)
            client.run("SET", RECORD, record[:-1] + b"x")
        names = self.names()
        with self.assertRaisesRegex(AssertionError, "is damaged, or of another version"):
            self.server.start()
        self.server.process.wait()
        self.assertEqual(self.names() - {b"strata:mine:owner"}, names)
        with self.tier.client() as client:
            client.run("SET", RECORD, record)
        self.start()
        self.check(100)

    def test_without_a_record_there_is_nothing_to_adopt(self):
        self.fill(100)
        self.demote([f"k{i}" for i in range(100)])
        self.stop()
        with self.tier.client() as client:
            client.run("DEL", RECORD)
        self.start()
        self.assertEqual(self.client.run("DBSIZE"), 0)
        wait_until(lambda: self.below() == 0, "what the last run left is erased")
        self.assertIn("no run has left anything to adopt", self.server.log())

    def test_one_that_does_not_adopt_erases(self):
        self.fill(100)
        self.demote([f"k{i}" for i in range(100)])
        self.stop()
        self.server.options[self.server.options.index("adopt") + 1] = "no"
        self.start()
        self.assertIsNone(self.client.run("GET", "k1"))
        wait_until(lambda: self.below() == 0, "what the last run left is erased")
        # But it can be adopted itself.
        self.wait_for_tier()
        self.fill(100, 1600)
        self.demote([f"k{i}" for i in range(100)])
        self.stop()
        self.server.options[self.server.options.index("adopt") + 1] = "yes"
        self.start()
        self.check(100, 1600)


class WrittenThrough(AdoptTest):
    TIER_WORDS = AdoptTest.TIER_WORDS + " write through"

    def test_after_a_crash_all_that_was_acknowledged_is_found(self):
        run = self.client.run
        self.fill(3000)
        changed, deleted = set(range(0, 3000, 5)), set(range(1, 3000, 5))
        replies = run_all(self.client, [("SET", f"k{i}", value(i, 1600)) for i in changed] +
                          [("DEL", f"k{i}") for i in deleted])
        self.assertEqual(replies, [b"OK"] * len(changed) + [1] * len(deleted))
        run("RPUSH", "list", "x" * 300, "a")
        run("LPOP", "list", "0")
        run("RENAME", "k2", "renamed")
        self.kill()
        self.start()
        self.wait_until_adopted()
        self.assertEqual(self.client.run("DBSIZE"), 3000 - len(deleted) + 1)
        replies = run_all(self.client, [("GET", f"k{i}") for i in range(3000)])
        for i, reply in enumerate(replies):
            is_gone = i in deleted or i == 2
            self.assertEqual(reply, None if is_gone else value(i, 1600 if i in changed else 1500))
        self.assertEqual(self.client.run("GET", "renamed"), value(2))
        self.assertEqual(self.client.run("LRANGE", "list", 0, -1), [b"x" * 300, b"a"])


class Encrypted(AdoptTest):
    def tier_words(self):
        self.write_keys(1)
        return super().tier_words() + f" encryption-key-file {self.key_file()}"

    def key_file(self):
        return self.tier.folder + "/keys"

    def write_keys(self, last):
        with open(self.key_file(), "w") as keys:
            keys.writelines(f"{i}:{i:02x}{'ab' * 31}\n" for i in range(1, last + 1))

    def test_an_older_key_is_replaced(self):
        self.fill(2000)
        self.demote([f"k{i}" for i in range(2000)])
        self.stop()
        self.write_keys(2)
        self.start()
        self.wait_until_adopted()
        self.check(2000)
        wait_until(lambda: self.figure("keys") >= 0 and self.key_ids() == {2}, "all is key 2's")
        self.check(2000)

    def key_ids(self):
        """Of what lies below; in their heads."""
        with self.tier.client() as client:
            names = client.run("KEYS", "strata:mine:*:*:*")
            heads = run_all(client, [("GETRANGE", name, 32, 35) for name in names])
        return {int.from_bytes(head, "little") for head in heads}

    def test_what_is_not_encrypted_is_not_adopted(self):
        self.fill(20)
        self.demote([f"k{i}" for i in range(20)])
        self.stop()
        options = list(self.server.options)
        place = options.index("encryption-key-file")
        self.server.options = options[:place] + options[place + 2:]
        with self.tier.client() as client:
            client.run("DEL", RECORD)
        self.start()
        self.wait_for_tier()
        self.fill(20, 1600)
        self.demote([f"k{i}" for i in range(20)])
        self.stop()
        self.server.options = options
        self.start()
        self.wait_until_adopted()
        self.assertEqual(self.client.run("DBSIZE"), 0)
        wait_until(lambda: self.below() == 0, "they are erased")


if __name__ == "__main__":
    unittest.main()
