#!/usr/bin/python3
"""ioredis, with its stock configuration: ioredis_test.js against servers that this script runs.

The two talk by lines: the JavaScript prints "restart" when it wants the server to go and come back.
"""

import os
import shutil
import subprocess
import threading
import unittest

from strata import ROOT, TIMEOUT, Server

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ioredis_test.js")


class Ioredis(unittest.TestCase):
    def setUp(self):
        self.assertTrue(shutil.which("node"), "there is no node: 'make setup' installs it")
        module = os.path.join(ROOT, "tests/node_modules/ioredis")
        self.assertTrue(os.path.isdir(module), "there is no ioredis: 'make npm' installs it")
        self.server = Server()
        self.addCleanup(self.server.close)

    def test_script(self):
        process = subprocess.Popen(["node", SCRIPT, str(self.server.port)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        watchdog = threading.Timer(3 * TIMEOUT, process.kill)
        watchdog.start()
        printed = []
        with process:
            for line in process.stdout:
                printed.append(line)
                if line == "restart\n":
                    self.server.stop()
                    self.server.start()
                    process.stdin.write("restarted\n")
                    process.stdin.flush()
        watchdog.cancel()
        print("".join(printed), end="")
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
