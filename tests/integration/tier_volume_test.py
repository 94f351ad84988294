"""Many times more keys than memory has room for: those whose values lie below fill it by themselves."""

import random
import unittest

from lower_tier import MEGABYTE, TierTest, run_all, value
from strata import wait_until


class MoreKeysThanMemory(TierTest):
    MEMORY = 32 * MEGABYTE
    COUNT = 550_000
    SIZE = 300


class MoreKeysWithoutEviction(MoreKeysThanMemory):
    def test_writers_are_refused_and_nothing_is_lost(self):
        taken = []
        for start in range(0, self.COUNT, 500):
            numbers = range(start, start + 500)
            replies = run_all(self.client, [("SET", f"k{i}", value(i, self.SIZE)) for i in numbers])
            for number, reply in zip(numbers, replies):
                if reply == b"OK":
                    taken.append(number)
                else:
                    self.assertTrue(str(reply).startswith("OOM"), reply)
        self.assertGreater(len(taken), 50_000)
        self.assertLess(len(taken), self.COUNT)
        self.assertEqual(self.client.run("DBSIZE"), len(taken))
        self.assert_resident_in_bounds()
        taken = random.Random(1).sample(taken, 20_000)
        for start in range(0, len(taken), 500):
            numbers = taken[start:start + 500]
            for i, reply in zip(numbers, run_all(self.client, [("GET", f"k{i}") for i in numbers])):
                self.assertEqual(reply, value(i, self.SIZE), f"k{i}")


class MoreKeysLru(MoreKeysThanMemory):
    POLICY = "allkeys-lru"

    def test_the_coldest_go_and_so_do_their_values(self):
        self.fill(self.COUNT, self.SIZE)
        self.assert_resident_in_bounds()
        left = self.client.run("DBSIZE")
        self.assertLess(left, self.COUNT)
        self.assertGreater(left, 50_000)
        wait_until(lambda: self.below() <= left, "what lies below has a key here")
        self.check_the_youngest()

    def check_the_youngest(self):
        self.assertEqual(self.count_of_the_youngest(1000), 1000)

    def count_of_the_youngest(self, count):
        """That are still there, and have their values."""
        numbers = range(self.COUNT - count, self.COUNT)
        replies = run_all(self.client, [("GET", f"k{i}") for i in numbers])
        found = [(i, reply) for i, reply in zip(numbers, replies) if reply is not None]
        for i, reply in found:
            self.assertEqual(reply, value(i, self.SIZE), f"k{i}")
        return len(found)


class MoreKeysAdaptive(MoreKeysLru):
    """None of the keys was ever asked for: it may hold the old for better than some of the new."""

    POLICY = "adaptive"

    def check_the_youngest(self):
        self.assertGreater(self.count_of_the_youngest(10_000), 5_000)


if __name__ == "__main__":
    unittest.main()
