"""A collection that is larger than all memory, and those that are as large as the tier takes."""

import unittest

from lower_tier import MEGABYTE, TierTest, run_all, value
from strata import ReplyError, wait_until

ELEMENTS = 100  # of a command


def make(kind, number):
    """A command that adds elements to key "big", of 100 KB together."""
    texts = [value(number * ELEMENTS + i, 1000) for i in range(ELEMENTS)]
    if kind == "list":
        return ("RPUSH", "big", *texts)
    if kind == "hash":
        return ("HSET", "big", *[word for i, text in enumerate(texts)
                                 for word in (f"f{number * ELEMENTS + i}", text)])
    if kind == "zset":
        return ("ZADD", "big", *[word for i, text in enumerate(texts)
                                 for word in (number * ELEMENTS + i, text)])
    return ("XADD", "big", f"{number + 1}-0", *[word for i, text in enumerate(texts)
                                                for word in (f"f{i}", text)])


SIZES = {"list": "LLEN", "hash": "HLEN", "zset": "ZCARD", "stream": "XLEN"}


class LargerThanMemory(TierTest):
    MEMORY = 48 * MEGABYTE
    OTHERS = 2000

    def setUp(self):
        super().setUp()
        self.fill(self.OTHERS)

    def grow(self, kind):
        """Until it is twice memory, or refused: how many commands were taken, and whether the last
        was refused."""
        taken = 0
        for number in range(2 * self.MEMORY // (ELEMENTS * 1000)):
            reply = self.client.run(*make(kind, number))
            if isinstance(reply, ReplyError):
                self.assertTrue(reply.args[0].startswith("OOM"), reply)
                return taken, True
            taken += 1
        self.assert_resident_in_bounds()
        return taken, False


class WithoutEviction(LargerThanMemory):
    """It stays in memory, since the tier does not take it, until memory is full; others go below."""

    def grows_until_memory_is_full(self, kind):
        taken, refused = self.grow(kind)
        self.assertTrue(refused)
        self.assert_resident_in_bounds()
        size = self.client.run(SIZES[kind], "big")
        self.assertEqual(size, taken * (1 if kind == "stream" else ELEMENTS))
        self.assertGreater(taken * ELEMENTS * 1000, self.MEMORY // 3)
        self.check(self.OTHERS)
        self.assertEqual(self.client.run("OBJECT", "TIER", "big"), b"memory")
        # There is room again when it has gone.
        self.assertEqual(self.client.run("UNLINK", "big"), 1)
        wait_until(lambda: self.client.run("SET", "small", value(1)) == b"OK", "there is room")
        self.check(self.OTHERS)

    def test_list(self):
        self.grows_until_memory_is_full("list")

    def test_hash(self):
        self.grows_until_memory_is_full("hash")

    def test_sorted_set(self):
        self.grows_until_memory_is_full("zset")

    def test_stream(self):
        self.grows_until_memory_is_full("stream")


class WithEviction(LargerThanMemory):
    """When there is no room beside it, it is evicted, as if there were no tier, and begins anew."""

    POLICY = "allkeys-lru"

    def is_evicted(self, kind):
        _, refused = self.grow(kind)
        self.assertFalse(refused)
        size = self.client.run(SIZES[kind], "big")
        self.assertLess(size * (ELEMENTS if kind == "stream" else 1) * 1000, self.MEMORY)
        for i, reply in enumerate(run_all(self.client, [("GET", f"k{i}")
                                                        for i in range(self.OTHERS)])):
            self.assertIn(reply, (None, value(i)))

    def test_list(self):
        self.is_evicted("list")

    def test_hash(self):
        self.is_evicted("hash")

    def test_sorted_set(self):
        self.is_evicted("zset")

    def test_stream(self):
        self.is_evicted("stream")


class AsLargeAsTaken(TierTest):
    """Values just below max-value go below and come back whole."""

    MEMORY = 64 * MEGABYTE

    def test_all_types(self):
        kinds = ("list", "hash", "zset", "stream")
        before = {}
        for kind in kinds:
            for number in range(60):  # six megabytes
                self.client.run(*make(kind, number))
            self.client.run("RENAME", "big", kind)
            before[kind] = self.client.run("DEBUG", "DIGEST-VALUE", kind)
        self.assertEqual(self.client.run("CACHE.DEMOTE", *kinds), len(kinds))
        self.assertEqual(self.below(), len(kinds))
        for kind in kinds:
            self.assertEqual(self.client.run("OBJECT", "TIER", kind), b"cold")
            self.assertEqual(self.client.run("DEBUG", "DIGEST-VALUE", kind), before[kind], kind)
        self.assert_resident_in_bounds()


if __name__ == "__main__":
    unittest.main()
