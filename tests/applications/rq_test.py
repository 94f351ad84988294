#!/usr/bin/python3
"""rq: a worker in a process of its own runs the jobs of rq_jobs.py."""

import datetime
import subprocess
import unittest

import redis
import rq
from rq.command import send_stop_job_command
from rq.job import Job
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry

import rq_jobs
from application import FOLDER, TIMEOUT, Server, Worker, wait_until


class Rq(unittest.TestCase):
    """Tests against one server and one worker; each has jobs of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        cls.url = f"redis://127.0.0.1:{cls.server.port}"
        cls.redis = redis.Redis.from_url(cls.url)
        cls.addClassCleanup(cls.redis.close)
        cls.worker = Worker("rq", "worker", "--url", cls.url, "--path", FOLDER, "--with-scheduler",
                            "--name", "worker", "high", "default")
        cls.addClassCleanup(cls.worker.stop)
        cls.worker.wait_for("Listening on high, default")

    def setUp(self):
        self.queue = rq.Queue(connection=self.redis)

    def wait_for(self, job, status="finished"):
        wait_until(lambda: job.get_status() == status, f"the job is {status}")
        job.refresh()
        return job

    def test_a_job_returns_a_value(self):
        job = self.queue.enqueue(rq_jobs.add, 2, b=3, result_ttl=600)
        self.assertEqual(self.wait_for(job).return_value(), 5)
        self.assertLessEqual(job.enqueued_at, job.started_at)
        self.assertLessEqual(job.started_at, job.ended_at)
        self.assertIn(self.redis.ttl(job.key), range(500, 601))
        self.assertIn(job.id, FinishedJobRegistry(queue=self.queue).get_job_ids())

    def test_many_jobs(self):
        with self.redis.pipeline() as pipeline:
            jobs = self.queue.enqueue_many(
                [rq.Queue.prepare_data(rq_jobs.append, ("order", i)) for i in range(20)],
                pipeline=pipeline)
            pipeline.execute()
        for i, job in enumerate(jobs):
            self.assertEqual(self.wait_for(job).return_value(), i + 1)
        self.assertEqual(self.redis.lrange("order", 0, -1), [b"%d" % i for i in range(20)])
        fetched = Job.fetch_many([job.id for job in jobs], connection=self.redis)
        self.assertEqual([job.args[1] for job in fetched], list(range(20)))

    def occupy_the_worker(self):
        """A job that runs until it is stopped."""
        job = self.queue.enqueue(rq_jobs.wait)
        wait_until(lambda: job.refresh() or job.meta, "it runs")
        return job

    def stop(self, job):
        send_stop_job_command(self.redis, job.id)  # by a channel that the worker listens to
        self.wait_for(job, "stopped")

    def test_the_high_queue_comes_first(self):
        running = self.occupy_the_worker()
        jobs = [rq.Queue(name, connection=self.redis).enqueue(rq_jobs.append, "first", name)
                for name in ("default", "high")]
        self.stop(running)
        for job in jobs:
            self.wait_for(job)
        self.assertEqual(self.redis.lrange("first", 0, -1), [b"high", b"default"])

    def test_a_suspended_worker(self):
        running = self.occupy_the_worker()
        self.assertIn("Suspending workers", self.tool("suspend"))
        job = self.queue.enqueue(rq_jobs.add, 1, 1)
        self.stop(running)
        wait_until(lambda: rq.Worker.all(connection=self.redis)[0].get_state() == "suspended",
                   "the worker is suspended")
        self.assertEqual(job.get_status(), "queued")
        self.assertIn("Resuming workers", self.tool("resume"))
        self.wait_for(job)

    def tool(self, *words):
        result = subprocess.run(["rq", words[0], "--url", self.url, *words[1:]], check=True,
                                capture_output=True, text=True, timeout=TIMEOUT)
        return result.stdout

    def test_a_failing_job(self):
        job = self.queue.enqueue(rq_jobs.fail_at_first, 1)
        self.wait_for(job, "failed")
        self.assertIn("ValueError: try 1", job.latest_result().exc_string)
        registry = FailedJobRegistry(queue=self.queue)
        self.assertIn(job.id, registry.get_job_ids())
        registry.requeue(job.id)
        self.assertEqual(self.wait_for(job).return_value(), 2)
        self.assertNotIn(job.id, registry.get_job_ids())
        job.delete()
        self.assertFalse(Job.exists(job.id, connection=self.redis))

    def test_a_job_that_is_tried_again(self):
        job = self.queue.enqueue(rq_jobs.fail_at_first, 2, retry=rq.Retry(max=3, interval=[0, 1]))
        self.assertEqual(self.wait_for(job).return_value(), 3)
        self.assertEqual(job.retries_left, 1)

    def test_jobs_that_depend_on_others(self):
        first = [self.queue.enqueue(rq_jobs.add, i, i) for i in range(3)]
        total = self.queue.enqueue(rq_jobs.add_results, depends_on=first)
        last = self.queue.enqueue(rq_jobs.add_results, depends_on=total)
        self.assertEqual(self.wait_for(total).return_value(), 6)
        self.assertEqual(self.wait_for(last).return_value(), 6)
        failing = self.queue.enqueue(rq_jobs.fail, "no")
        never = self.queue.enqueue(rq_jobs.add, 1, 1, depends_on=failing)
        self.wait_for(failing, "failed")
        self.assertEqual(never.get_status(), "deferred")

    def test_a_job_at_its_time(self):
        registry = ScheduledJobRegistry(queue=self.queue)
        delay = datetime.timedelta(seconds=2)
        far = self.queue.enqueue_in(datetime.timedelta(days=1), rq_jobs.add, 3, 4)
        job = self.queue.enqueue_in(delay, rq_jobs.add, 1, 2)
        self.assertEqual(job.get_status(), "scheduled")
        self.assertIn(far.id, registry.get_job_ids())
        self.assertEqual(self.wait_for(job).return_value(), 3)
        early = datetime.timedelta(seconds=1)  # rq keeps whole seconds
        self.assertGreater(job.started_at - job.created_at, delay - early)
        self.assertEqual(far.get_status(), "scheduled")
        self.assertNotIn(job.id, registry.get_job_ids())

    def test_callbacks(self):
        good = self.queue.enqueue(rq_jobs.add, 1, 2, on_success=rq_jobs.on_success)
        bad = self.queue.enqueue(rq_jobs.fail, "bad", on_failure=rq_jobs.on_failure)
        wait_until(lambda: self.redis.get(f"succeeded:{good.id}") == b"3", "one is called")
        wait_until(lambda: self.redis.get(f"failed:{bad.id}") == b"ValueError: bad", "the other")

    def test_a_running_job_is_stopped(self):
        job = self.occupy_the_worker()
        self.assertEqual(job.get_status(), "started")
        worker = rq.Worker.find_by_key("rq:worker:worker", self.redis)
        self.assertEqual(worker.get_current_job_id(), job.id)
        self.stop(job)

    def test_a_job_is_cancelled(self):
        running = self.occupy_the_worker()
        job = self.queue.enqueue(rq_jobs.append, "cancelled", 1)
        after = self.queue.enqueue(rq_jobs.append, "after", 1)
        self.assertEqual(self.queue.job_ids, [job.id, after.id])
        job.cancel()
        self.stop(running)
        self.wait_for(after)
        self.assertEqual((job.get_status(), self.redis.exists("cancelled")), ("canceled", 0))

    def test_the_worker_is_known(self):
        worker, = rq.Worker.all(connection=self.redis)
        self.assertEqual((worker.name, worker.queue_names()), ("worker", ["high", "default"]))
        before = worker.successful_job_count
        self.wait_for(self.queue.enqueue(rq_jobs.add, 1, 1))
        wait_until(lambda: worker.refresh() or worker.successful_job_count == before + 1,
                   "it counts the job")
        self.assertIn("worker", self.tool("info"))


if __name__ == "__main__":
    unittest.main()
