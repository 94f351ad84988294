#!/usr/bin/python3
"""node-redis 6, which speaks RESP3: node_redis_test.js."""

import unittest

from application import ServerTest, run_node


class NodeRedis(ServerTest):
    def test_script(self):
        run_node("node_redis_test.js", self.server)


if __name__ == "__main__":
    unittest.main()
