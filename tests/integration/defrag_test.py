#!/usr/bin/python3
"""Active defragmentation: after most keys are gone, pages that few of the others share become free."""

import unittest

from strata import Server, encode, wait_until

MEGABYTE = 1 << 20


class Defragmentation(unittest.TestCase):
    def setUp(self):
        self.server = Server("--io-threads", "2", "--active-defrag-ignore-bytes", "4mb")
        self.addCleanup(self.server.close)
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def run_all(self, commands):
        self.client.send(b"".join(encode(*command) for command in commands))
        return [self.client.reply() for _ in commands]

    def info(self, field):
        for line in self.client.run("INFO", "everything").decode().splitlines():
            if line.startswith(field + ":"):
                return line.split(":")[1]
        raise AssertionError(field)

    def holes(self):
        return int(self.info("allocator_active")) - int(self.info("allocator_allocated"))

    def test_pages_become_free_and_nothing_is_lost(self):
        if not self.info("mem_allocator").startswith("jemalloc"):
            self.skipTest("this build's allocator cannot tell what is worth moving")
        keys = [f"key:{i}" for i in range(300_000)]
        for chunk in range(0, len(keys), 5000):
            self.run_all([("SET", key, key * 20) for key in keys[chunk:chunk + 5000]])
        for chunk in range(0, len(keys), 5000):
            self.run_all([("DEL", *[key for i, key in enumerate(keys[chunk:chunk + 5000])
                                    if i % 5 != 0])])
        holes = self.holes()
        self.assertGreater(holes, 20 * MEGABYTE)
        self.assertEqual(self.info("active_defrag_hits"), "0")
        resident = self.server.resident_bytes()
        self.client.run("CONFIG", "SET", "activedefrag", "yes")
        wait_until(lambda: self.holes() < holes / 3, "pages are free")
        wait_until(lambda: resident - self.server.resident_bytes() > holes / 3, "and given back")
        self.assertGreater(int(self.info("active_defrag_hits")), 10_000)
        kept = keys[::5]
        for chunk in range(0, len(kept), 5000):
            self.assertEqual(self.run_all([("GET", key) for key in kept[chunk:chunk + 5000]]),
                             [(key * 20).encode() for key in kept[chunk:chunk + 5000]])
        wait_until(lambda: self.info("active_defrag_running") == "0", "it ends")


if __name__ == "__main__":
    unittest.main()
