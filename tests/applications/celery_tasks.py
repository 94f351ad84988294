"""The Celery application of celery_test.py: its workers import this, and so does the test.

REDIS_URL in the environment names the server, which is both broker and result backend.
"""

import os
import time

from celery import Celery
from kombu import Queue
from kombu.common import Broadcast

app = Celery("tasks", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
# Celery 5.2 trips over its own queue when it deletes one of these at its end.
everyone = Broadcast("everyone", auto_delete=False)
app.conf.task_queues = [Queue("celery"), everyone]
app.conf.task_routes = {"celery_tasks.sign": {"queue": "everyone"}}
app.conf.result_expires = 600


@app.task
def add(a, b):
    return a + b


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail(word):
    raise ValueError(word)


@app.task(bind=True, max_retries=3)
def succeed_at(self, attempt):
    """Succeeds at this attempt, the first being 0."""
    if self.request.retries < attempt:
        raise self.retry(countdown=0.05)
    return self.request.retries


@app.task(bind=True)
def hold(self):
    """Tells that it runs, and goes on until it is terminated."""
    self.update_state(state="PROGRESS", meta={"step": 1})
    while True:
        time.sleep(0.05)


@app.task
def now():
    return time.time()


@app.task
def push(name, value):
    """Appends to a list on the server."""
    app.backend.client.rpush(name, value)


@app.task(bind=True)
def sign(self, name):
    """Writes down which worker ran it."""
    app.backend.client.sadd(name, self.request.hostname)
