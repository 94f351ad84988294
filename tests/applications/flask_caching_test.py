#!/usr/bin/python3
"""Flask-Caching in an application of Flask: pages, functions and values."""

import itertools
import unittest

import flask
from flask_caching import Cache
import redis

from application import ServerTest, wait_until


class FlaskCaching(ServerTest):
    def setUp(self):
        super().setUp()
        self.application = flask.Flask("tested")
        self.cache = Cache(self.application, config={
            "CACHE_TYPE": "RedisCache", "CACHE_REDIS_PORT": self.server.port,
            "CACHE_REDIS_HOST": "127.0.0.1", "CACHE_DEFAULT_TIMEOUT": 100})
        context = self.application.app_context()
        context.push()
        self.addCleanup(context.pop)
        self.redis = redis.Redis(port=self.server.port)
        self.addCleanup(self.redis.close)
        self.calls = itertools.count(1)

    def test_values(self):
        for value in ("text", 17, None, True, {"deep": [1, (2, 3)]}):
            self.assertTrue(self.cache.set("k", value))
            self.assertEqual(self.cache.get("k"), value)
        self.assertEqual(self.redis.keys("*"), [b"flask_cache_k"])
        self.assertIn(self.redis.ttl("flask_cache_k"), range(90, 101))
        self.assertIsNone(self.cache.get("none"))
        self.assertFalse(self.cache.add("k", "other"))
        self.assertTrue(self.cache.has("k"))
        self.assertTrue(self.cache.delete("k"))
        self.assertFalse(self.cache.has("k"))

    def test_times_to_live(self):
        self.cache.set("for ever", 1, timeout=0)
        self.assertEqual(self.redis.ttl("flask_cache_for ever"), -1)
        self.cache.set("short", 1, timeout=1)
        wait_until(lambda: self.cache.get("short") is None, "it has expired")

    def test_many_at_once(self):
        values = {f"k{i}": i for i in range(50)}
        self.assertTrue(self.cache.set_many(values, timeout=60))
        self.assertEqual(self.cache.get_dict(*values), values)
        self.assertEqual(self.cache.get_many("k1", "none", "k49"), [1, None, 49])
        self.assertIn(self.redis.ttl("flask_cache_k7"), range(50, 61))
        self.assertTrue(self.cache.delete_many("k0", "k1"))
        self.assertEqual(self.redis.dbsize(), 48)
        self.assertTrue(self.cache.clear())
        self.assertEqual(self.redis.dbsize(), 0)

    def test_counters(self):
        backend = self.cache.cache
        self.assertEqual((backend.inc("n", 5), backend.inc("n"), backend.dec("n", 2)), (5, 6, 4))

    def test_a_page_is_rendered_once(self):
        @self.application.route("/page")
        @self.cache.cached(query_string=True)
        def page():
            return f"page {next(self.calls)}"

        browser = self.application.test_client()
        pages = [browser.get(url).text for url in ("/page", "/page", "/page?a=1&b=2",
                                                   "/page?b=2&a=1", "/page")]
        self.assertEqual(pages, ["page 1", "page 1", "page 2", "page 2", "page 1"])

    def test_a_function_is_called_once_for_its_arguments(self):
        @self.cache.memoize(60)
        def add(a, b):
            return a + b, next(self.calls)

        self.assertEqual([add(1, 2), add(1, b=2), add(2, 2), add(1, 2)],
                         [(3, 1), (3, 1), (4, 2), (3, 1)])
        self.cache.delete_memoized(add, 1, 2)
        self.assertEqual([add(1, 2), add(2, 2)], [(3, 3), (4, 2)])
        self.cache.delete_memoized(add)
        self.assertEqual([add(1, 2), add(2, 2)], [(3, 4), (4, 5)])


if __name__ == "__main__":
    unittest.main()
