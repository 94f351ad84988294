"""Keys change while their values are on the way below, or back.

The network is slow, so that the way takes long, and one client sends values below all the time.
The model is a redis-server, which gets the same commands: each reply must be the same, and every
key in the end.
"""

import random
import threading
import unittest

from bad_network import NetworkTest
from lower_tier import MEGABYTE, LowerTier, run_all, value
from strata import wait_until

DELAY = 0.002
BIG = 400  # bytes; values of less stay here


class Commands:
    """Random ones, over keys of one prefix. Replies have an order that is always the same."""

    KEYS = 30
    STRINGS = (
        lambda c: ("SET", c.key(), c.text()),
        lambda c: ("SET", c.key(), c.text()),
        lambda c: ("SET", c.key(), c.text(), "KEEPTTL", "GET"),
        lambda c: ("SET", c.key(), c.text(), c.chance.choice(("NX", "XX"))),
        lambda c: ("GET", c.key()),
        lambda c: ("GET", c.key()),
        lambda c: ("GETDEL", c.key()),
        lambda c: ("GETSET", c.key(), c.text()),
        lambda c: ("GETEX", c.key(), "PERSIST"),
        lambda c: ("APPEND", c.key(), c.text()),
        lambda c: ("SETRANGE", c.key(), 10, "###"),
        lambda c: ("GETRANGE", c.key(), 5, 20),
        lambda c: ("MGET", c.key(), c.key(), c.key()),
        lambda c: ("MSET", c.key(), c.text(), c.key(), c.text()),
        lambda c: ("BITCOUNT", c.key()),
    )
    COLLECTIONS = (
        lambda c: ("RPUSH", c.key(), c.text()),
        lambda c: ("LPOP", c.key()),
        lambda c: ("LRANGE", c.key(), 0, -1),
        lambda c: ("LMOVE", c.key(), c.key(), "LEFT", "RIGHT"),
        lambda c: ("HSET", c.key(), c.field(), c.text()),
        lambda c: ("HGET", c.key(), c.field()),
        lambda c: ("HDEL", c.key(), c.field()),
        lambda c: ("SADD", c.key(), c.field() * 50),
        lambda c: ("SISMEMBER", c.key(), c.field() * 50),
        lambda c: ("SREM", c.key(), c.field() * 50),
        lambda c: ("ZADD", c.key(), c.chance.randrange(9), c.field() * 50),
        lambda c: ("ZRANGE", c.key(), 0, -1, "WITHSCORES"),
        lambda c: ("ZUNIONSTORE", c.key(), 2, c.key(), c.key()),
        lambda c: ("XADD", c.key(), f"{c.count()}-1", "field", c.text()),
        lambda c: ("XRANGE", c.key(), "-", "+"),
    )
    KEYSPACE = (
        lambda c: ("DEL", c.key(), c.key()),
        lambda c: ("UNLINK", c.key()),
        lambda c: ("RENAME", c.key(), c.key()),
        lambda c: ("RENAMENX", c.key(), c.key()),
        lambda c: ("COPY", c.key(), c.key(), "REPLACE"),
        lambda c: ("EXPIRE", c.key(), 1000),
        lambda c: ("PEXPIREAT", c.key(), 1),  # which deletes it
        lambda c: ("PERSIST", c.key()),
        lambda c: ("EXISTS", c.key(), c.key()),
        lambda c: ("TYPE", c.key()),
        lambda c: ("RESTORE", c.key(), 0, c.chance.choice(c.dumps), "REPLACE"),
        lambda c: ("RESTORE", c.key(), 1_000_000, c.chance.choice(c.dumps)),
        lambda c: ("EVAL", "redis.call('APPEND', KEYS[1], 'x') return redis.call('GET', ARGV[1])", 1,
                   c.key(), c.key()),
        lambda c: ("EVAL", "return redis.call('MGET', ARGV[1], ARGV[2], ARGV[3])", 0, c.key(),
                   c.key(), c.key()),
    )
    WHOLE = (
        lambda c: ("FLUSHDB",),
        lambda c: ("FLUSHALL",),
        lambda c: ("SWAPDB", 0, 1),
        lambda c: ("SWAPDB", 0, 1),
        lambda c: ("SELECT", c.chance.randrange(2)),
        lambda c: ("SELECT", c.chance.randrange(2)),
        lambda c: ("MOVE", c.key(), c.chance.randrange(2)),
    )

    def __init__(self, prefix, seed, dumps, weights):
        self.prefix = prefix
        self.chance = random.Random(seed)
        self.dumps = dumps
        self.weights = weights
        self.number = 0

    def key(self):
        return f"{self.prefix}{self.chance.randrange(self.KEYS)}"

    def field(self):
        return f"field{self.chance.randrange(8)}"

    def count(self):
        self.number += 1
        return self.number

    def text(self):
        return value(self.chance.randrange(1 << 20), BIG)

    def some(self):
        """A few commands, perhaps as a transaction."""
        families = (self.STRINGS, self.COLLECTIONS, self.KEYSPACE, self.WHOLE)
        picked = self.chance.choices(families, self.weights, k=self.chance.randrange(1, 40))
        commands = [self.chance.choice(family)(self) for family in picked]
        if self.chance.randrange(5) == 0 and self.WHOLE not in picked:
            commands = [("MULTI",), *commands[:10], ("EXEC",)]
        return commands


class RaceTest(NetworkTest):
    MEMORY = 256 * MEGABYTE  # nothing goes below but what is sent there
    SEEDS = (1, 2)
    ROUNDS = 400
    SENDERS = 2

    def start_tier(self):
        self.model = LowerTier()
        self.addCleanup(self.model.close)
        return super().start_tier()

    def setUp(self):
        super().setUp()
        self.ended = threading.Event()
        self.raced = threading.Event()
        self.failures = []

    def make_dumps(self):
        """Of values, so that RESTORE has something."""
        with self.model.client() as model:
            run_all(model, [("SET", "s", value(1, BIG)), ("RPUSH", "l", value(2, BIG), "x"),
                            ("HSET", "h", "field1", value(3, BIG), "field2", "y")])
            dumps = run_all(model, [("DUMP", "s"), ("DUMP", "l"), ("DUMP", "h")])
            model.run("FLUSHALL")
        return dumps

    def in_thread(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except Exception as failure:  # nobody else would see it
                self.failures.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def send_below(self, prefixes, databases):
        """All the time."""
        chance = random.Random(len(prefixes))
        with self.server.client() as client:
            while not self.ended.is_set():
                client.run("SELECT", chance.randrange(databases))
                keys = [f"{chance.choice(prefixes)}{chance.randrange(Commands.KEYS)}"
                        for _ in range(10)]
                client.run("CACHE.DEMOTE", *keys)

    def race(self, prefix, seed, dumps, weights):
        commands = Commands(prefix, seed, dumps, weights)
        with self.server.client() as client, self.model.client() as model:
            rounds = 0
            while rounds < self.ROUNDS or not self.raced.is_set():
                rounds += 1
                some = commands.some()
                ours, theirs = run_all(client, some), run_all(model, some)
                for command, reply, expected in zip(some, ours, theirs):
                    self.assertEqual(reply, expected, (seed, command))

    def has_raced(self):
        status = self.status()
        return bool(self.failures) or all(status[figure] > self.ROUNDS // 10 for figure in
                                          ("demotions", "promotions", "superseded-stores"))

    def run_races(self, races, prefixes, databases=1):
        self.network.delay = DELAY
        senders = [self.in_thread(self.send_below, prefixes, databases)
                   for _ in range(self.SENDERS)]
        racers = [self.in_thread(self.race, *race) for race in races]
        try:  # on a machine that has other things to do, too
            wait_until(self.has_raced, "values were under way often enough")
        finally:
            self.raced.set()
        for racer in racers:
            racer.join()
        self.ended.set()
        for sender in senders:
            sender.join()
        self.network.heal()
        self.assertEqual(self.failures, [])

    def assert_same(self, databases=1):
        """Every key."""
        with self.model.client() as model:
            for database in range(databases):
                for client in (self.client, model):
                    client.run("SELECT", database)
                self.assertEqual(self.client.run("DBSIZE"), model.run("DBSIZE"))
                for key in model.run("KEYS", "*"):
                    self.assertEqual(self.look(self.client, key), self.look(model, key), key)

    @staticmethod
    def look(client, key):
        kind = client.run("TYPE", key)
        read = {b"string": ("GET", key), b"list": ("LRANGE", key, 0, -1),
                b"set": ("SORT", key, "ALPHA"), b"hash": ("HGETALL", key),
                b"zset": ("ZRANGE", key, 0, -1, "WITHSCORES"), b"stream": ("XRANGE", key, "-", "+")}
        reply = client.run(*read[kind])
        if kind == b"hash":
            reply = dict(zip(reply[::2], reply[1::2]))
        return kind, client.run("TTL", key) > 0, reply


class ManyClients(RaceTest):
    """Each has keys of its own, so that the order of commands is that of its own."""

    def test_keys_change_while_their_values_are_under_way(self):
        dumps = self.make_dumps()
        prefixes = [f"{letter}:" for letter in "abc"]
        for seed in self.SEEDS:
            self.ended.clear()
            self.raced.clear()
            self.run_races([(prefix, f"{seed}{prefix}", dumps, (5, 4, 3, 0)) for prefix in prefixes],
                           prefixes)
            self.assert_same()
        self.assert_nothing_is_left_behind()

    def assert_nothing_is_left_behind(self):
        """Below there are only copies of values that keys have."""
        wait_until(lambda: self.status()["owed-erasures"] == 0, "stale copies are erased")
        self.assertLessEqual(self.below(), self.client.run("DBSIZE"))
        self.client.run("FLUSHALL")
        self.assertEqual(self.client.run("DBSIZE"), 0)


class WriteThrough(ManyClients):
    TIER_WORDS = f"{RaceTest.TIER_WORDS} write through"
    SEEDS = (3,)

    def assert_same(self, databases=1):
        """And all that the tier takes lies there."""
        super().assert_same(databases)
        written = self.status()["stored-bytes"]
        self.client.run("CACHE.DEMOTE", *self.client.run("KEYS", "*"))
        self.assertGreater(self.status()["keys"], 0)
        self.assertEqual(self.status()["stored-bytes"], written)


class WholeDatabases(RaceTest):
    def test_databases_are_swapped_and_flushed_while_values_are_under_way(self):
        dumps = self.make_dumps()
        for seed in self.SEEDS:
            self.ended.clear()
            self.raced.clear()
            self.run_races([("k", seed, dumps, (8, 6, 4, 0.4))], ["k"], databases=2)
            self.assert_same(databases=2)


class Expiry(RaceTest):
    def test_keys_expire_while_their_values_are_under_way(self):
        """A value may be there or not until its time is over, and not again."""
        self.network.delay = DELAY
        sender = self.in_thread(self.send_below, ["t"], 1)
        chance = random.Random(3)
        model = {}
        for _ in range(100):
            commands = []
            for number in chance.sample(range(Commands.KEYS), 15):
                key = f"t{number}"
                kind = chance.randrange(3)
                if kind == 0:
                    commands.append(("SET", key, value(chance.randrange(1000), BIG), "PX",
                                     chance.randrange(1, 40)))
                elif kind == 1:
                    commands.append(("PEXPIRE", key, chance.randrange(1, 40)))
                else:
                    commands.append(("GET", key))
            for command, reply in zip(commands, run_all(self.client, commands)):
                key = command[1]
                if command[0] == "SET":
                    self.assertEqual(reply, b"OK")
                    model[key] = command[2]
                elif command[0] == "GET":
                    self.assertIn(reply, (None, model.get(key)))
                if reply in (None, 0):
                    model[key] = None
        self.ended.set()
        sender.join()
        self.assertEqual(self.failures, [])
        wait_until(lambda: self.client.run("DBSIZE") == 0, "all have expired")
        self.network.heal()
        wait_until(lambda: self.below() == 0, "nothing is left below")


if __name__ == "__main__":
    unittest.main()
