#!/usr/bin/python3
"""Libraries of node programs that keep something in Redis, one script of tests each."""

import unittest

from application import ServerTest, run_node


class NodeLibraries(ServerTest):
    def test_cache_manager(self):
        run_node("cache_manager_test.js", self.server)

    def test_bull(self):
        run_node("bull_test.js", self.server)

    def test_express_session(self):
        run_node("express_session_test.js", self.server)

    def test_redlock_and_rate_limiter_flexible(self):
        run_node("locks_and_limits_test.js", self.server)

    def test_socket_io(self):
        run_node("socket_io_test.js", self.server)


if __name__ == "__main__":
    unittest.main()
