#!/usr/bin/python3
"""python3-redis beyond plain commands, which integration/python_redis_test.py has.

Everything runs with both of its parsers: hiredis, in C, which it takes when that is installed, and
its own.
"""

import queue
import threading
import unittest

import redis
from redis.connection import HiredisParser, PythonParser

from application import TIMEOUT, ServerTest, wait_until


class PythonRedis:
    """The tests, for either parser."""

    PARSER = None

    def setUp(self):
        super().setUp()
        self.redis = self.connect()

    def connect(self, **options):
        pool = redis.ConnectionPool(port=self.server.port, socket_timeout=TIMEOUT,
                                    parser_class=self.PARSER, **options)
        self.addCleanup(pool.disconnect)
        return redis.Redis(connection_pool=pool)

    def blocked_clients(self):
        return self.redis.info("clients")["blocked_clients"]

    def in_a_thread(self, work):
        """Runs it beside the test; what it returns is in the queue that this returns."""
        results = queue.Queue()
        thread = threading.Thread(target=lambda: results.put(work()))
        thread.start()
        self.addCleanup(thread.join)
        return results

    def test_a_pipeline_is_a_transaction(self):
        pipeline = self.redis.pipeline()
        replies = pipeline.set("k", "v").hset("h", "f", 1).incr("n").get("k").execute()
        self.assertEqual(replies, [True, 1, 1, b"v"])
        with self.assertRaisesRegex(redis.ResponseError, "Command # 1 .*WRONGTYPE"):
            pipeline.lpush("k", "x").set("after", "v").execute()
        self.assertEqual(self.redis.get("after"), b"v")

    def test_a_wrong_command_discards_the_transaction(self):
        pipeline = self.redis.pipeline().set("k", "v")
        pipeline.execute_command("NONSENSE")
        with self.assertRaisesRegex(redis.ResponseError, "Command # 2 .*unknown command"):
            pipeline.execute()
        self.assertFalse(self.redis.exists("k"))

    def test_a_watched_key(self):
        with self.redis.pipeline() as pipeline:
            pipeline.watch("k")
            self.redis.set("k", "other")
            pipeline.multi()
            pipeline.set("k", "mine")
            with self.assertRaises(redis.WatchError):
                pipeline.execute()
        self.assertEqual(self.redis.get("k"), b"other")

    def test_transactions_that_are_tried_again(self):
        def increment(pipeline):
            n = int(pipeline.get("n") or 0)
            pipeline.multi()
            pipeline.set("n", n + 1)

        def work():
            client = self.connect()
            for _ in range(25):
                client.transaction(increment, "n")
            return "done"

        results = [self.in_a_thread(work) for _ in range(4)]
        self.assertEqual([each.get(timeout=TIMEOUT) for each in results], ["done"] * 4)
        self.assertEqual(self.redis.get("n"), b"100")

    def test_channels_and_patterns(self):
        subscriber = self.redis.pubsub()
        self.addCleanup(subscriber.close)
        subscriber.subscribe("news")
        subscriber.psubscribe("n*")
        messages = [subscriber.get_message(timeout=TIMEOUT) for _ in range(2)]
        self.assertEqual([(m["type"], m["channel"], m["data"]) for m in messages],
                         [("subscribe", b"news", 1), ("psubscribe", b"n*", 2)])
        self.assertEqual(self.redis.publish("news", b"\0\xff"), 2)
        self.assertEqual(subscriber.get_message(timeout=TIMEOUT),
                         {"type": "message", "pattern": None, "channel": b"news",
                          "data": b"\0\xff"})
        self.assertEqual(subscriber.get_message(timeout=TIMEOUT)["pattern"], b"n*")
        self.assertEqual(self.redis.pubsub_channels(), [b"news"])
        self.assertEqual(self.redis.pubsub_numsub("news", "none"), [(b"news", 1), (b"none", 0)])
        self.assertEqual(self.redis.pubsub_numpat(), 1)
        subscriber.unsubscribe()
        subscriber.punsubscribe()
        wait_until(lambda: self.redis.publish("news", "x") == 0, "nobody listens")

    def test_a_thread_that_listens(self):
        heard = queue.Queue()
        subscriber = self.redis.pubsub(ignore_subscribe_messages=True)
        subscriber.subscribe(news=lambda message: heard.put(message["data"]))
        thread = subscriber.run_in_thread(sleep_time=0.01)
        wait_until(lambda: self.redis.publish("news", "first") == 1, "it listens")
        for i in range(1000):
            self.redis.publish("news", i)
        self.assertEqual(heard.get(timeout=TIMEOUT), b"first")
        self.assertEqual([int(heard.get(timeout=TIMEOUT)) for _ in range(1000)], list(range(1000)))
        thread.stop()
        thread.join()

    def test_a_subscriber_comes_back(self):
        client = self.connect(health_check_interval=30)
        subscriber = client.pubsub(ignore_subscribe_messages=True)
        self.addCleanup(subscriber.close)
        subscriber.subscribe("news")
        self.redis.client_kill_filter(_id=self.redis.client_list("pubsub")[0]["id"])
        wait_until(lambda: self.redis.pubsub_numsub("news") == [(b"news", 0)], "it is gone")
        wait_until(lambda: self.is_back(subscriber), "it subscribes again")
        self.redis.publish("news", "hello")
        self.assertEqual(self.next_message(subscriber)["data"], b"hello")

    def is_back(self, subscriber):
        try:
            subscriber.get_message()
        except redis.ConnectionError:
            pass  # told once; the next call connects and subscribes
        return self.redis.pubsub_numsub("news") == [(b"news", 1)]

    def next_message(self, subscriber):
        """Messages of subscriptions come as None when they are ignored."""
        messages = iter(lambda: subscriber.get_message(timeout=TIMEOUT), "no end")
        return next(message for message in messages if message)

    def test_scripts(self):
        double = self.redis.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)")
        self.assertEqual(double(keys=["n"], args=[21]), 42)
        self.redis.script_flush()
        self.assertEqual(double(keys=["n"], args=[1]), 44)
        self.assertEqual(self.redis.script_exists(double.sha, "0" * 40), [True, False])
        pipeline = self.redis.pipeline()
        double(keys=["n"], args=[1], client=pipeline)
        self.redis.script_flush()
        self.assertEqual(pipeline.get("n").execute(), [46, b"46"])
        with self.assertRaises(redis.exceptions.NoScriptError):
            self.redis.evalsha("0" * 40, 0)

    def test_what_scripts_answer(self):
        answer = self.redis.eval("return {1, 2.9, 'x', false, {KEYS[1]}, ARGV[1]}", 1, "k", b"\xff")
        self.assertEqual(answer, [1, 2, b"x", None, [b"k"], b"\xff"])
        self.assertEqual(self.redis.eval("return redis.status_reply('FINE')", 0), b"FINE")
        self.assertEqual(self.redis.eval(
            "return cjson.encode({a = {1, 2}, b = cjson.decode(ARGV[1]).x})", 0, '{"x": "y"}'),
            b'{"a":[1,2],"b":"y"}')
        self.assertEqual(self.redis.eval(
            "return cmsgpack.unpack(cmsgpack.pack({1, 'two'}))", 0), [1, b"two"])
        with self.assertRaisesRegex(redis.ResponseError, "my own"):
            self.redis.eval("return redis.error_reply('ERR my own')", 0)

    def test_a_script_without_end_is_killed(self):
        self.redis.config_set("busy-reply-threshold", 50)
        self.addCleanup(self.redis.config_set, "busy-reply-threshold", 5000)
        running = self.in_a_thread(self.run_for_ever)
        wait_until(self.killed_a_script, "the script is known to be slow")
        self.assertIn("Script killed by user", running.get(timeout=TIMEOUT))
        self.assertTrue(self.redis.ping())

    def run_for_ever(self):
        try:
            return self.connect().eval("while true do end", 0)
        except redis.ResponseError as error:
            return str(error)

    def killed_a_script(self):
        try:
            return self.redis.script_kill()
        except redis.ResponseError as error:
            self.assertRegex(str(error), "^NOTBUSY ")
            return False

    def test_a_lock(self):
        first = self.redis.lock("resource", timeout=60)
        self.assertTrue(first.acquire())
        second = self.redis.lock("resource", timeout=60, blocking_timeout=0.05)
        self.assertFalse(second.acquire())
        self.assertTrue(first.extend(100))
        self.assertGreater(self.redis.pttl("resource"), 100_000)
        self.assertTrue(first.reacquire())
        self.assertIn(self.redis.pttl("resource"), range(50_000, 60_001))
        self.assertTrue(first.owned())
        first.release()
        with self.assertRaises(redis.exceptions.LockError):
            first.release()
        with second:
            self.redis.set("resource", "stolen")
            self.assertRaises(redis.exceptions.LockNotOwnedError, second.release)
            second.local.token = b"stolen"

    def test_a_lock_keeps_threads_apart(self):
        inside = []

        def work():
            client = self.connect()
            for _ in range(10):
                with client.lock("resource", timeout=60, sleep=0.001):
                    inside.append(1)
                    client.incr("runs")
                    if len(inside) != 1:
                        return "not alone"
                    inside.pop()
            return "alone"

        results = [self.in_a_thread(work) for _ in range(4)]
        self.assertEqual([each.get(timeout=TIMEOUT) for each in results], ["alone"] * 4)
        self.assertEqual(self.redis.get("runs"), b"40")

    def test_streams_with_a_group(self):
        r = self.redis
        r.xgroup_create("jobs", "workers", mkstream=True)
        ids = [r.xadd("jobs", {"n": i}) for i in range(4)]
        first = r.xreadgroup("workers", "a", {"jobs": ">"}, count=3)
        self.assertEqual(first, [[b"jobs", [(ids[i], {b"n": b"%d" % i}) for i in range(3)]]])
        self.assertEqual(r.xack("jobs", "workers", ids[0]), 1)
        self.assertEqual(r.xpending("jobs", "workers"),
                         {"pending": 2, "min": ids[1], "max": ids[2],
                          "consumers": [{"name": b"a", "pending": 2}]})
        claimed = r.xclaim("jobs", "workers", "b", 0, [ids[1]])
        self.assertEqual(claimed, [(ids[1], {b"n": b"1"})])
        cursor, rest = r.xautoclaim("jobs", "workers", "b", 0)[:2]
        self.assertEqual((cursor, [i for i, _ in rest]), (b"0-0", ids[1:3]))
        self.assertEqual(r.xreadgroup("workers", "b", {"jobs": "0"})[0][1][0][0], ids[1])
        self.assertEqual(r.xinfo_groups("jobs")[0]["lag"], 1)
        self.assertEqual([c["name"] for c in r.xinfo_consumers("jobs", "workers")], [b"a", b"b"])

    def test_a_reader_waits_for_a_stream(self):
        waiting = self.in_a_thread(lambda: self.connect().xread({"log": "$"}, block=0))
        wait_until(lambda: self.blocked_clients() == 1, "the reader waits")
        number = self.redis.xadd("log", {"k": "v"})
        self.assertEqual(waiting.get(timeout=TIMEOUT), [[b"log", [(number, {b"k": b"v"})]]])

    def test_commands_that_wait(self):
        waiting = self.in_a_thread(lambda: self.connect().blpop(["first", "second"]))
        wait_until(lambda: self.blocked_clients() == 1, "it waits")
        self.redis.rpush("second", "value")
        self.assertEqual(waiting.get(timeout=TIMEOUT), (b"second", b"value"))
        self.assertIsNone(self.redis.brpop("none", timeout=0.01))
        popping = self.in_a_thread(lambda: self.connect().bzpopmax("z"))
        wait_until(lambda: self.blocked_clients() == 1, "it waits")
        self.redis.pipeline().zadd("z", {"a": 1, "b": 2}).execute()
        self.assertEqual(popping.get(timeout=TIMEOUT), (b"z", b"b", 2.0))

    def test_keyspace_events(self):
        self.redis.config_set("notify-keyspace-events", "KEA")
        self.addCleanup(self.redis.config_set, "notify-keyspace-events", "")
        subscriber = self.redis.pubsub(ignore_subscribe_messages=True)
        self.addCleanup(subscriber.close)
        subscriber.psubscribe("__key*@0__:*")
        wait_until(lambda: self.redis.pubsub_numpat() == 1, "it listens")
        self.redis.hset("h", "f", "v")
        self.redis.delete("h")
        messages = [self.next_message(subscriber) for _ in range(4)]
        seen = [(message["channel"], message["data"]) for message in messages]
        self.assertEqual(seen, [(b"__keyspace@0__:h", b"hset"), (b"__keyevent@0__:hset", b"h"),
                                (b"__keyspace@0__:h", b"del"), (b"__keyevent@0__:del", b"h")])

    def test_nested_and_big_replies(self):
        values = [b"x" * size for size in (0, 1, 16383, 16384, 65535, 65536, 300_000)]
        self.redis.rpush("l", *values)
        self.assertEqual(self.redis.lrange("l", 0, -1), values)
        pipeline = self.redis.pipeline()
        for _ in range(100):
            pipeline.lrange("l", 0, 3).lindex("l", 99).llen("l")
        replies = pipeline.execute()
        self.assertEqual(replies, [values[:4], None, 7] * 100)

    def test_monitor(self):
        with self.redis.monitor() as monitor:
            self.redis.set("watched", 'a "b"')
            command = monitor.next_command()
        self.assertEqual((command["db"], command["command"]), (0, 'SET watched a "b"'))


class WithHiredis(PythonRedis, ServerTest):
    PARSER = HiredisParser


class WithItsOwnParser(PythonRedis, ServerTest):
    PARSER = PythonParser


if __name__ == "__main__":
    unittest.main()
