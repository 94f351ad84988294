#!/usr/bin/python3
"""Celery, with the server as broker and as result backend: two workers run celery_tasks.py."""

import gc
import os
import sys
import time
import unittest

import redis
from celery import chain, chord, group
from celery.exceptions import TaskRevokedError
from celery.result import ResultSet
from kombu import Connection, Exchange, Queue

from application import FOLDER, TIMEOUT, Server, Worker, wait_until


class Celery(unittest.TestCase):
    """Tests against one server and two workers; each has keys of its own."""

    @classmethod
    def setUpClass(cls):
        server = Server()
        cls.addClassCleanup(server.close)
        url = f"redis://127.0.0.1:{server.port}"
        os.environ["REDIS_URL"] = url
        import celery_tasks  # which reads that
        cls.tasks = celery_tasks
        cls.addClassCleanup(cls.tasks.app.close)
        cls.addClassCleanup(gc.collect)  # results let go of their channels
        cls.redis = redis.Redis.from_url(url)
        cls.addClassCleanup(cls.redis.close)
        workers = [cls.start_worker(name, url) for name in ("one@host", "two@host")]
        for worker in workers:
            worker.wait_for(" ready.")

    @classmethod
    def start_worker(cls, name, url):
        worker = Worker(sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "-c", "2",
                        "-n", name, "--loglevel", "INFO", REDIS_URL=url, PYTHONPATH=FOLDER)
        cls.addClassCleanup(worker.stop)
        return worker

    def get(self, result):
        return result.get(timeout=TIMEOUT)

    def test_a_task_returns_a_value(self):
        result = self.tasks.add.delay(2, 3)
        self.assertEqual(self.get(result), 5)
        self.assertEqual((result.state, result.successful()), ("SUCCESS", True))
        key = f"celery-task-meta-{result.id}"
        self.assertIn(self.redis.ttl(key), range(500, 601))
        result.forget()
        self.assertFalse(self.redis.exists(key))

    def test_many_tasks(self):
        results = ResultSet([self.tasks.add.delay(i, i) for i in range(200)])
        self.assertEqual(self.get(results), [2 * i for i in range(200)])

    def test_a_failing_task(self):
        result = self.tasks.fail.apply_async(["no luck"],
                                             link_error=self.tasks.push.si("failed", "told"))
        with self.assertRaisesRegex(ValueError, "no luck"):
            self.get(result)
        self.assertEqual(result.state, "FAILURE")
        self.assertIn("ValueError: no luck", result.traceback)
        wait_until(lambda: self.redis.lrange("failed", 0, -1) == [b"told"], "the error is told")

    def test_a_task_that_is_tried_again(self):
        self.assertEqual(self.get(self.tasks.succeed_at.delay(2)), 2)
        hopeless = self.tasks.succeed_at.delay(9)
        with self.assertRaisesRegex(Exception, "Can't retry"):
            self.get(hopeless)

    def test_chains_and_callbacks(self):
        add = self.tasks.add
        self.assertEqual(self.get(chain(add.s(1, 2), add.s(3), add.s(4))()), 10)
        self.get(add.apply_async((1, 1), link=self.tasks.push.si("linked", "called")))
        wait_until(lambda: self.redis.llen("linked") == 1, "the callback ran")

    def test_groups(self):
        result = group(self.tasks.add.s(i, i) for i in range(10))()
        self.assertEqual(self.get(result), [2 * i for i in range(10)])
        self.assertEqual((result.completed_count(), result.successful()), (10, True))
        result.save()
        restored = self.tasks.app.GroupResult.restore(result.id)
        self.assertEqual(self.get(restored), [2 * i for i in range(10)])

    def test_chords(self):
        add, total = self.tasks.add, self.tasks.total
        self.assertEqual(self.get(chord(add.s(i, i) for i in range(20))(total.s())), 380)
        nested = chain(group(add.s(1, 1), add.s(2, 2)), total.s(), add.s(100))
        self.assertEqual(self.get(nested()), 106)

    def test_a_chord_with_a_failing_task(self):
        result = chord([self.tasks.add.s(1, 1), self.tasks.fail.s("bad")])(self.tasks.total.s())
        with self.assertRaisesRegex(Exception, "bad"):
            self.get(result)

    def test_a_task_at_its_time(self):
        due = time.time() + 0.5
        self.assertGreaterEqual(self.get(self.tasks.now.apply_async(countdown=0.5)), due - 0.05)

    def test_an_expired_task_does_not_run(self):
        result = self.tasks.push.apply_async(("expired", 1), expires=-1)
        with self.assertRaises(TaskRevokedError):
            self.get(result)
        self.assertFalse(self.redis.exists("expired"))

    def test_a_revoked_task(self):
        far = self.tasks.push.apply_async(("revoked", 1), countdown=1)
        far.revoke()
        with self.assertRaises(TaskRevokedError):
            self.get(far)
        self.assertFalse(self.redis.exists("revoked"))

    def test_a_running_task_is_terminated(self):
        running = self.tasks.hold.delay()
        wait_until(lambda: running.state == "PROGRESS", "it runs")
        self.assertEqual(running.info, {"step": 1})
        active = self.tasks.app.control.inspect(timeout=10, limit=2).active()
        self.assertIn(running.id, [task["id"] for tasks in active.values() for task in tasks])
        running.revoke(terminate=True)
        with self.assertRaises(TaskRevokedError):
            self.get(running)

    def test_workers_answer(self):
        control = self.tasks.app.control

        def both_answer():
            answers = control.ping(timeout=1)
            return {name: what["ok"] for answer in answers for name, what in answer.items()} == {
                "one@host": "pong", "two@host": "pong"}

        wait_until(both_answer, "both answer")
        registered = control.inspect(["one@host"], timeout=10, limit=1).registered()
        self.assertIn("celery_tasks.add", registered["one@host"])
        stats = control.inspect(["two@host"], timeout=10, limit=1).stats()
        self.assertEqual(stats["two@host"]["broker"]["transport"], "redis")

    def test_a_broadcast_reaches_every_worker(self):
        self.tasks.sign.apply_async(["signed"], declare=[self.tasks.everyone.exchange])
        wait_until(lambda: self.redis.smembers("signed") == {b"one@host", b"two@host"},
                   "both ran it")

    def test_a_queue_that_is_not_consumed_is_purged(self):
        for _ in range(5):
            self.tasks.add.apply_async((1, 1), queue="idle")
        self.assertEqual(self.redis.llen("idle"), 5)
        with self.tasks.app.connection_for_write() as connection:
            self.assertEqual(connection.default_channel.queue_purge("idle"), 5)
        self.assertFalse(self.redis.exists("idle"))


class Kombu(unittest.TestCase):
    """The messages below Celery."""

    def setUp(self):
        server = Server()
        self.addCleanup(server.close)
        self.connection = Connection(f"redis://127.0.0.1:{server.port}")
        self.addCleanup(self.connection.release)

    def test_a_simple_queue(self):
        with self.connection.SimpleQueue("simple") as simple:
            for i in range(10):
                simple.put({"n": i})
            self.assertEqual(simple.qsize(), 10)
            message = simple.get(timeout=TIMEOUT)
            self.assertEqual(message.payload, {"n": 0})
            message.requeue()
            again = [simple.get(timeout=TIMEOUT) for _ in range(10)]
            self.assertEqual(sorted(message.payload["n"] for message in again), list(range(10)))
            for message in again:
                message.ack()
            self.assertRaises(simple.Empty, simple.get_nowait)

    def test_topics_and_priorities(self):
        topics = Exchange("topics", type="topic")
        queues = [Queue("errors", topics, "*.error", max_priority=9), Queue("all", topics, "#")]
        heard = []
        producer = self.connection.Producer()
        for priority, key in ((0, "disk.error"), (0, "disk.info"), (9, "net.error")):
            producer.publish({"key": key}, exchange=topics, routing_key=key, declare=queues,
                             priority=priority)
        with self.connection.Consumer(queues, no_ack=True, accept=["json"], callbacks=[
                lambda body, message: heard.append(body["key"])]):
            while len(heard) < 5:
                self.connection.drain_events(timeout=TIMEOUT)
        self.assertEqual(sorted(heard),
                         ["disk.error"] * 2 + ["disk.info"] + ["net.error"] * 2)


if __name__ == "__main__":
    unittest.main()
