#!/usr/bin/python3
"""BullMQ, the queues that most node programs use: bullmq_test.js."""

import unittest

from application import ServerTest, run_node


class Bullmq(ServerTest):
    def test_script(self):
        run_node("bullmq_test.js", self.server)


if __name__ == "__main__":
    unittest.main()
