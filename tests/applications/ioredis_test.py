#!/usr/bin/python3
"""ioredis where it goes beyond plain commands; those are in integration/ioredis_test.py."""

import unittest

from application import ServerTest, run_node


class Ioredis(ServerTest):
    def test_script(self):
        run_node("ioredis_test.js", self.server)


if __name__ == "__main__":
    unittest.main()
