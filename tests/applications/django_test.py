#!/usr/bin/python3
"""Django with django-redis: the cache, pages that are cached, and sessions."""

import os
import unittest

import django
from django.core.cache import cache, caches
from django.test import Client
from django_redis import get_redis_connection

from application import ServerTest, wait_until


class Django(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{cls.server.port}"
        os.environ["DJANGO_SETTINGS_MODULE"] = "django_settings"
        django.setup()

    @classmethod
    def tearDownClass(cls):
        for alias in caches:
            get_redis_connection(alias).connection_pool.disconnect()
        super().tearDownClass()

    def test_values_of_every_kind(self):
        for value in ("text", "é", 17, 2.5, None, True, b"\0\xff", {"deep": [1, (2, 3)]}, {1, 2}):
            cache.set("k", value)
            self.assertEqual(cache.get("k", "nothing"), value)
        self.assertEqual(cache.get("none", "default"), "default")
        self.assertEqual(get_redis_connection().keys("*"), [b":1:k"])

    def test_times_to_live(self):
        cache.set("usual", 1)
        cache.set("own", 1, timeout=100)
        cache.set("for ever", 1, timeout=None)
        cache.set("no time", 1, timeout=0)
        self.assertIn(cache.ttl("usual"), range(290, 301))
        self.assertIn(cache.ttl("own"), range(90, 101))
        self.assertEqual((cache.ttl("for ever"), cache.ttl("no time")), (None, 0))
        self.assertTrue(cache.touch("own", 1000))
        self.assertIn(cache.pttl("own"), range(990_000, 1_000_001))
        self.assertTrue(cache.persist("own"))
        self.assertTrue(cache.expire("for ever", 50))
        self.assertEqual((cache.ttl("own"), cache.ttl("for ever") > 40), (None, True))
        cache.set("short", 1, timeout=0.05)
        wait_until(lambda: "short" not in cache, "it has expired")

    def test_conditions(self):
        self.assertTrue(cache.add("k", 1))
        self.assertFalse(cache.add("k", 2))
        self.assertEqual(cache.get_or_set("k", lambda: 3), 1)
        self.assertEqual(cache.get_or_set("new", lambda: 3, timeout=60), 3)
        self.assertFalse(cache.set("k", 4, nx=True))
        self.assertTrue(cache.has_key("k"))
        self.assertEqual(cache.get("k"), 1)

    def test_counters(self):
        cache.set("n", 10, timeout=100)
        self.assertEqual((cache.incr("n"), cache.incr("n", 10), cache.decr("n", 5)), (11, 21, 16))
        self.assertEqual(cache.get("n"), 16)
        self.assertGreater(cache.ttl("n"), 90)
        with self.assertRaises(ValueError):
            cache.incr("none")

    def test_many_at_once(self):
        values = {f"k{i}": i for i in range(100)}
        cache.set_many(values, timeout=100)
        self.assertEqual(cache.get_many([*values, "none"]), values)
        self.assertEqual(cache.delete_many(["k0", "k1", "none"]), 2)
        self.assertEqual(len(cache.keys("k*")), 98)
        self.assertEqual(len(set(cache.iter_keys("k?", itersize=10))), 8)
        self.assertEqual(cache.delete_pattern("k1*", itersize=10), 10)
        self.assertTrue(cache.delete("k2"))
        self.assertFalse(cache.delete("k2"))
        cache.clear()
        self.assertEqual(get_redis_connection().dbsize(), 0)

    def test_versions(self):
        cache.set("k", "one")
        cache.set("k", "two", version=2)
        self.assertEqual((cache.get("k"), cache.get("k", version=2)), ("one", "two"))
        cache.incr_version("k")
        self.assertEqual((cache.get("k"), cache.get("k", version=2)), (None, "one"))

    def test_a_lock(self):
        with cache.lock("resource", timeout=60):
            self.assertFalse(cache.lock("resource").acquire(blocking=False))
        self.assertTrue(cache.lock("resource", timeout=60).acquire(blocking=False))

    def test_another_form(self):
        other = caches["other"]
        other.set("k", {"text": "x" * 10000}, timeout=100)
        self.assertEqual(other.get("k"), {"text": "x" * 10000})
        connection = get_redis_connection("other")
        self.assertEqual(connection.keys("*"), [b"app:1:k"])
        self.assertLess(connection.strlen("app:1:k"), 1000)  # compressed
        self.assertIsNone(cache.get("k"))  # of another database
        other.set_many({"a": 1, "b": 2})
        self.assertEqual(other.get_many(["a", "b"]), {"a": 1, "b": 2})

    def test_a_page_is_rendered_once(self):
        first = Client().get("/page")
        self.assertRegex(first.content, rb"^page \d+$")
        self.assertEqual(first["Cache-Control"], "max-age=60")
        self.assertEqual(Client().get("/page").content, first.content)
        self.assertNotEqual(Client().get("/page?other").content, first.content)
        cache.clear()
        self.assertNotEqual(Client().get("/page").content, first.content)

    def test_each_browser_has_its_session(self):
        one, other = Client(), Client()
        for visits in range(1, 4):
            self.assertEqual(one.get("/visit").content, b"%d" % visits)
        self.assertEqual(other.get("/visit").content, b"1")
        name = f"django.contrib.sessions.cache{one.cookies['sessionid'].value}"
        self.assertEqual(cache.get(name), {"visits": 3})
        self.assertGreater(cache.ttl(name), 13 * 24 * 3600)
        one.get("/leave")
        self.assertIsNone(cache.get(name))
        self.assertEqual((one.get("/visit").content, other.get("/visit").content), (b"1", b"2"))


if __name__ == "__main__":
    unittest.main()
