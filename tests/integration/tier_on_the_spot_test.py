"""Values that a command waits for on the spot, with the world stopped: SORT's patterns, scripts
whose keys are not declared, DEBUG. Meanwhile others arrive below that were on their way there."""

import random
import unittest

from bad_network import NetworkTest
from lower_tier import MEGABYTE, run_all, value
from strata import ReplyError, wait_until

COUNT = 20


def is_down(reply):
    return isinstance(reply, ReplyError) and reply.args[0].startswith("TIERDOWN")


class OnTheSpotTest(NetworkTest):
    MEMORY = 256 * MEGABYTE  # nothing goes below but what is sent there
    TIER_WORDS = "request-timeout 10000 min-value 1"
    OPTIONS = ("--io-threads", "1", "--enable-debug-command", "yes")

    def setUp(self):
        super().setUp()
        wait_until(lambda: self.status()["state"] == b"up", "all connections are there")
        self.numbers = [b"%d" % i for i in range(COUNT)]
        self.weights = random.Random(1).sample(range(1000), COUNT)
        run_all(self.client, [("RPUSH", "list", *self.numbers)] +
                [("SET", f"w{i}", weight) for i, weight in enumerate(self.weights)] +
                [("HSET", f"o{i}", "f", value(i), "g", "x") for i in range(COUNT)])

    def send_below(self, *patterns):
        for pattern in patterns:
            keys = self.client.run("KEYS", pattern)
            self.assertEqual(self.client.run("CACHE.DEMOTE", *keys), len(keys))

    def cut_off(self):
        self.network.refuse()
        wait_until(lambda: self.status()["state"] == b"down", "it is seen to be down")

    def sorted_numbers(self):
        return [b"%d" % i for i in sorted(range(COUNT), key=lambda i: self.weights[i])]


class Sorting(OnTheSpotTest):
    SORTS = (("SORT", "list", "BY", "w*"), ("SORT_RO", "list", "BY", "w*", "GET", "#"),
             ("SORT", "list", "GET", "o*->f"), ("SORT", "list", "GET", "o*->f", "STORE", "target"))

    def test_values_are_brought_for_patterns(self):
        self.send_below("w*", "o*", "list")
        self.assertEqual(self.client.run("SORT", "list", "BY", "w*"), self.sorted_numbers())
        self.send_below("w*", "o*", "list")
        shown = self.client.run("SORT", "list", "BY", "w*", "LIMIT", 0, 5, "GET", "o*->f")
        self.assertEqual(shown, [value(int(i)) for i in self.sorted_numbers()[:5]])
        # Nothing else was asked for.
        self.assertEqual(self.client.run("OBJECT", "TIER", f"o{self.sorted_numbers()[5].decode()}"),
                         b"cold")

    def test_those_that_cannot_be_had_are_errors(self):
        self.client.run("SET", "target", "old")
        self.send_below("w*", "o*")
        self.cut_off()
        for command in self.SORTS:
            self.assertTrue(is_down(self.client.run(*command)), command)
        self.assertEqual(self.client.run("GET", "target"), b"old")
        self.assertEqual(len(self.client.run("SORT", "list")), COUNT)  # which needs none
        self.network.open()
        wait_until(lambda: self.status()["state"] == b"up", "it is used again")
        self.assertEqual(self.client.run("SORT", "list", "BY", "w*"), self.sorted_numbers())

    def test_a_list_that_goes_below_while_weights_are_waited_for(self):
        self.send_below("w*")
        self.network.delay = 0.1
        with self.server.client() as other:
            other.send(b"*2\r\n$12\r\nCACHE.DEMOTE\r\n$4\r\nlist\r\n")
            wait_until(lambda: self.status()["storing-bytes"] > 0, "the list is under way")
            self.assertEqual(self.client.run("SORT", "list", "BY", "w*"), self.sorted_numbers())
            other.reply()
        self.assertEqual(self.client.run("LRANGE", "list", 0, -1), self.numbers)


class Missing(OnTheSpotTest):
    TIER_WORDS = OnTheSpotTest.TIER_WORDS + " on-error miss"

    def test_what_only_reads_finds_nothing(self):
        self.send_below("w*", "o*")
        self.cut_off()
        self.assertEqual(self.client.run("SORT_RO", "list", "GET", "o*->f"), [None] * COUNT)
        self.assertTrue(is_down(self.client.run("SORT", "list", "GET", "o*->f")))


class Together(OnTheSpotTest):
    """A command needs a value that is below, and one that is about to be."""

    def setUp(self):
        super().setUp()
        self.members = [b"member%d" % i for i in range(100)]
        for key in "ab":
            self.client.run("SADD", key, *self.members)
        self.send_below("b", "w*")
        self.network.delay = 0.1
        self.other = self.server.client()
        self.addCleanup(self.other.close)
        self.other.send(b"*2\r\n$12\r\nCACHE.DEMOTE\r\n$1\r\na\r\n")
        wait_until(lambda: self.status()["storing-bytes"] > 0, "it is under way")

    def test_in_a_script(self):
        script = "return redis.call('SINTERCARD', 2, 'b', 'a')"
        self.assertEqual(self.client.run("EVAL", script, 0), len(self.members))

    def test_in_a_transaction(self):
        replies = run_all(self.client, [("MULTI",), ("SORT", "list", "BY", "w*"), ("SCARD", "a"),
                                        ("SMISMEMBER", "a", "member7", "no"), ("EXEC",)])
        self.assertEqual(replies[-1], [self.sorted_numbers(), len(self.members), [1, 0]])


class Debug(OnTheSpotTest):
    KEYS = ("list", "o1", "w1", "set", "zset", "stream", "none")

    def setUp(self):
        super().setUp()
        run_all(self.client, [("SADD", "set", "a", "b"), ("ZADD", "zset", 1, "a", 2.5, "b"),
                              ("XADD", "stream", "1-1", "f", "v")])
        self.digests = self.client.run("DEBUG", "DIGEST-VALUE", *self.KEYS)
        self.assertEqual(len(set(self.digests)), len(self.KEYS))

    def test_digests_of_values_that_lie_below(self):
        self.send_below("*")
        self.assertEqual(self.client.run("DEBUG", "DIGEST-VALUE", *self.KEYS), self.digests)
        self.send_below("*")
        self.cut_off()
        self.assertTrue(is_down(self.client.run("DEBUG", "DIGEST-VALUE", *self.KEYS)))

    def test_a_digest_of_all_needs_all_in_memory(self):
        whole = self.client.run("DEBUG", "DIGEST")
        self.send_below("o1")
        self.assertIn("lower tier", self.client.run("DEBUG", "DIGEST").args[0])
        self.client.run("CACHE.PROMOTE", "o1")
        self.assertEqual(self.client.run("DEBUG", "DIGEST"), whole)

    def test_looking_at_a_value_brings_it(self):
        for subcommand, key in (("OBJECT", "o1"), ("OBJECT", "w1"), ("LISTPACK", "list")):
            shown = self.client.run("DEBUG", subcommand, key)
            self.send_below(key)
            self.assertEqual(str(self.client.run("DEBUG", subcommand, key)).split("refcount")[-1],
                             str(shown).split("refcount")[-1])

    def test_reloading_leaves_what_lies_below(self):
        self.send_below("*")
        self.assertEqual(self.client.run("DEBUG", "RELOAD"), b"OK")
        self.assertEqual(self.client.run("OBJECT", "TIER", "o1"), b"cold")
        self.assertEqual(self.client.run("DEBUG", "DIGEST-VALUE", *self.KEYS), self.digests)


if __name__ == "__main__":
    unittest.main()
