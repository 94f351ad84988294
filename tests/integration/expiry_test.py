#!/usr/bin/python3
"""Keys expire on the real clock, by themselves, and are gone for every command at once."""

import time
import unittest

from strata import ServerTest, encode, wait_until


class Expiry(ServerTest):
    def setUp(self):
        super().setUp()
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        self.client.run("CONFIG", "RESETSTAT")

    def tearDown(self):
        self.client.run("DEBUG", "SET-ACTIVE-EXPIRE", "1")

    def fill(self, count, *options):
        self.client.send(b"".join(encode("SET", f"key:{i}", "v", *options) for i in range(count)))
        for _ in range(count):
            self.assertEqual(self.client.reply(), b"OK")

    def info(self, field):
        for line in self.client.run("INFO", "stats").decode().splitlines():
            if line.startswith(field + ":"):
                return int(line.split(":")[1])
        raise AssertionError(f"INFO stats has no {field}")

    def keys_by_scan(self):
        cursor, keys = "0", []
        while True:
            cursor, some = self.client.run("SCAN", cursor, "COUNT", "1000")
            keys += some
            if cursor == b"0":
                return keys

    def test_keys_go_without_being_asked_for(self):
        self.fill(20_000, "PX", "300")
        self.client.run("SET", "stays", "v")
        self.client.run("SET", "stays longer", "v", "EX", "1000")
        wait_until(lambda: self.client.run("DBSIZE") == 2, "expired keys are removed")
        self.assertEqual(self.info("expired_keys"), 20_000)
        self.assertEqual(sorted(self.keys_by_scan()), [b"stays", b"stays longer"])

    def test_keys_go_in_every_database(self):
        for database in (0, 5, 15):
            self.client.run("SELECT", database)
            self.fill(100, "PX", "100")
        for database in (0, 5, 15):
            self.client.run("SELECT", database)
            wait_until(lambda: self.client.run("DBSIZE") == 0, "expired keys are removed")
        self.client.run("SELECT", 0)

    def test_keys_stay_while_clients_are_paused(self):
        self.fill(100, "PX", "100")
        self.client.run("CLIENT", "PAUSE", "60000", "WRITE")
        time.sleep(0.5)  # many ticks
        self.assertEqual(self.client.run("DBSIZE"), 100)
        self.assertEqual(self.info("expired_keys"), 0)
        self.client.run("CLIENT", "UNPAUSE")
        wait_until(lambda: self.client.run("DBSIZE") == 0, "expired keys are removed")

    def test_expired_keys_are_never_visible(self):
        self.client.run("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        self.fill(1000, "PX", "100")
        self.client.run("SET", "stays", "v")
        time.sleep(0.2)
        self.assertEqual(self.keys_by_scan(), [b"stays"])
        for _ in range(50):
            self.assertEqual(self.client.run("RANDOMKEY"), b"stays")
        self.assertEqual(self.client.run("EXISTS", "key:1", "key:2", "stays"), 1)
        self.assertEqual(self.client.run("KEYS", "*"), [b"stays"])
        self.assertEqual(self.client.run("TYPE", "key:3"), b"none")
        self.assertEqual(self.client.run("TTL", "key:4"), -2)
        self.assertEqual(self.client.run("MGET", "key:5", "stays"), [None, b"v"])
        self.assertEqual(self.client.run("STRLEN", "key:6"), 0)
        self.assertEqual(self.client.run("DEL", "key:7"), 0)
        self.assertEqual(self.client.run("PERSIST", "key:8"), 0)
        self.assertEqual(self.client.run("SET", "key:9", "new", "XX"), None)
        self.assertEqual(self.client.run("INCR", "key:10"), 1)

    def test_active_expiry_can_be_switched_off(self):
        self.assertEqual(self.client.run("DEBUG", "SET-ACTIVE-EXPIRE", "0"), b"OK")
        self.fill(500, "PX", "50")
        time.sleep(0.5)
        self.assertEqual(self.client.run("DBSIZE"), 500)
        self.assertEqual(self.client.run("GET", "key:0"), None)
        self.client.run("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        wait_until(lambda: self.client.run("DBSIZE") == 0, "expired keys are removed")
        self.assertEqual(self.info("expired_keys"), 500)

    def test_a_later_expiration_keeps_the_key(self):
        self.fill(1000, "PX", "400")
        for i in range(0, 1000, 2):
            self.client.run("PERSIST", f"key:{i}")
        for i in range(0, 1000, 4):
            self.client.run("EXPIRE", f"key:{i}", "1000")
        wait_until(lambda: self.info("expired_keys") >= 500, "half of the keys expire")
        time.sleep(0.3)
        self.assertEqual(self.client.run("DBSIZE"), 500)
        self.assertEqual(self.client.run("GET", "key:998"), b"v")


if __name__ == "__main__":
    unittest.main()
