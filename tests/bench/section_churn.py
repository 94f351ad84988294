"""Resident memory against maxmemory through ten minutes of values that come, grow, expire and go:
64 bytes to 1 MB, a fifth of them large. Memory is sampled from /proc many times a second."""

import random
import statistics
import threading
import time
from dataclasses import replace

from report import Check, Report

SECONDS = 600
LIMIT = 512 << 20
BAR_PERCENT = 5
KEYS = 200_000
BATCH = 20
LARGEST = 1 << 20


def draw_command(chance, pipeline):
    key = f"key:{chance.randrange(KEYS)}"
    large = chance.random() < 0.2
    size = chance.randrange(16 << 10, LARGEST) if large else chance.randrange(64, 2048)
    kind = chance.random()
    if kind < 0.15:
        pipeline.delete(key)
    elif kind < 0.25:
        pipeline.get(key)
    elif kind < 0.55:
        pipeline.set(key, VALUE[:size], px=chance.randrange(1, 60_000))
    else:
        pipeline.set(key, VALUE[:size])


VALUE = random.Random(1).randbytes(LARGEST)


class Sampler(threading.Thread):
    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.samples = []
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            self.samples.append(self.server.rss_bytes())


def run(settings):
    spec = replace(settings.candidate, options=("--maxmemory", str(LIMIT), "--maxmemory-policy",
                                                "adaptive"))
    chance = random.Random(2)
    with settings.start(spec) as server:
        sampler = Sampler(server)
        sampler.start()
        end = time.monotonic() + SECONDS
        commands = 0
        while time.monotonic() < end:
            pipeline = server.client.pipeline(transaction=False)
            for _ in range(BATCH):
                draw_command(chance, pipeline)
            pipeline.execute()
            commands += BATCH
        sampler.ended.set()
        sampler.join()
        evicted = server.info()["evicted_keys"]
        keys = server.client.dbsize()
    samples = sampler.samples
    report = Report("Churn", ["commands", "evicted keys", "keys at the end", "samples",
                              "RSS over maxmemory, median", "highest"])
    over = [100 * (sample / LIMIT - 1) for sample in samples]
    report.rows.append([f"{commands:,}", f"{evicted:,}", f"{keys:,}", f"{len(samples):,}",
                        f"{statistics.median(over):.1f} %", f"{max(over):.1f} %"])
    report.checks.append(Check.at_most(f"RSS over maxmemory in {SECONDS} s", BAR_PERCENT,
                                       [max(over)], "% at the highest"))
    report.notes.append(f"maxmemory {LIMIT >> 20} MB, adaptive.")
    return report
