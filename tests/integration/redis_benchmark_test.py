#!/usr/bin/python3
"""redis-benchmark runs its tests without an error and says what they measured."""

import csv
import io
import subprocess
import unittest

from strata import TIMEOUT, ServerTest

TESTS = ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"]


class RedisBenchmark(ServerTest):
    def benchmark(self, *words, tests="ping,set,get,incr,mset"):
        """The table of its results, by test."""
        result = subprocess.run(
            ["redis-benchmark", "-p", str(self.server.port), "-t", tests, "--csv", *words],
            capture_output=True, text=True, timeout=4 * TIMEOUT, check=False)
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(result.stderr, "")
        self.assertNotIn("rror", result.stdout)
        return {row["test"]: row for row in csv.DictReader(io.StringIO(result.stdout))}

    def check(self, rows, tests):
        self.assertEqual(list(rows), tests)
        for row in rows.values():
            self.assertGreater(float(row["rps"]), 0, row)
            self.assertGreaterEqual(float(row["max_latency_ms"]), float(row["p50_latency_ms"]), row)
        with self.server.client() as client:
            self.assertNotIn(b"errorstat", client.run("INFO", "errorstats"))

    def test_one_request_at_a_time(self):
        self.check(self.benchmark("-c", "50", "-n", "20000", "-P", "1"), TESTS)

    def test_pipelines(self):
        self.check(self.benchmark("-c", "50", "-n", "100000", "-P", "16"), TESTS)

    def test_threads_and_random_keys(self):
        rows = self.benchmark("-c", "50", "-n", "100000", "-P", "16", "--threads", "2",
                              "-r", "100000")
        self.check(rows, TESTS)
        with self.server.client() as client:
            self.assertGreater(client.run("DBSIZE"), 50000)
            self.assertIsInstance(client.run("GET", "counter:000000000000"), (bytes, type(None)))

    def test_big_values(self):
        rows = self.benchmark("-c", "50", "-n", "2000", "-d", "100000", tests="set,get")
        self.check(rows, ["SET", "GET"])
        with self.server.client() as client:
            self.assertEqual(client.run("STRLEN", "key:__rand_int__"), 100000)

    def test_resp3(self):
        self.check(self.benchmark("-3", "-n", "10000", tests="set,get"), ["SET", "GET"])

    def test_a_command_of_ones_own(self):
        result = subprocess.run(
            ["redis-benchmark", "-p", str(self.server.port), "-n", "5000", "-q", "-r", "100",
             "-P", "4", "SET", "mine:__rand_int__", "v", "EX", "100"],
            capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("requests per second", result.stdout)
        with self.server.client() as client:
            self.assertEqual(client.run("DBSIZE"), 100)
            self.assertIn(client.run("TTL", "mine:000000000007"), range(1, 101))


if __name__ == "__main__":
    unittest.main()
