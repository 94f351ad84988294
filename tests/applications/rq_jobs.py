"""What the worker of rq_test.py is given to do."""

import os
import time

import rq


def add(a, b):
    return a + b


def fail(word):
    raise ValueError(word)


def fail_at_first(times):
    """Fails so many times, then tells how often it was tried."""
    job = rq.get_current_job()
    tried = job.meta["tried"] = job.meta.get("tried", 0) + 1
    job.save_meta()
    if tried <= times:
        raise ValueError(f"try {tried}")
    return tried


def append(name, value):
    """Appends to a list; its length."""
    return rq.get_current_connection().rpush(name, value)


def add_results():
    """The sum of what the jobs before it returned."""
    return sum(job.return_value() for job in rq.get_current_job().fetch_dependencies())


def wait():
    """Goes on until it is stopped."""
    job = rq.get_current_job()
    job.meta["pid"] = os.getpid()
    job.save_meta()
    while True:
        time.sleep(0.05)


def on_success(job, connection, result):
    connection.set(f"succeeded:{job.id}", result)


def on_failure(job, connection, kind, value, traceback):
    connection.set(f"failed:{job.id}", f"{kind.__name__}: {value}")
