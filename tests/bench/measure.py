"""What the sections share: settings, the load generator, medians of alternating rounds."""

import json
import os
import signal
import statistics
import subprocess
from dataclasses import dataclass

from servers import BenchError, Server, Spec


@dataclass
class Settings:
    """One run of bench.py. Cores are sets, as sched_setaffinity takes them."""

    reference: Spec
    candidate: Spec
    generator: str
    server_core: set
    client_core: set
    rounds: int = 9
    seconds: float = 2.0
    client: str = "sleep"

    @property
    def specs(self):
        return [self.reference, self.candidate]

    @property
    def both_cores(self):
        return self.server_core | self.client_core

    def start(self, spec, cores=None, io_threads=1):
        return Server(spec, cores or self.server_core, io_threads)


def _prepare(cores, realtime):
    def prepare():
        os.sched_setaffinity(0, cores)
        if realtime:
            try:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
            except PermissionError:
                pass  # the probe then waits its turn behind the filler, and the numbers show it

    return prepare


class Load:
    """A load generator at work on a server. Options are its own, with _ for -: pipeline=16."""

    def __init__(self, settings, server, cores=None, realtime=False, **options):
        command = [settings.generator, "--port", str(server.port), "--server-pid", str(server.pid)]
        for name, value in options.items():
            command.append("--" + name.replace("_", "-"))
            if value is not True:
                command.append(str(value))
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=_prepare(cores or settings.client_core, realtime))

    def result(self):
        """Waits for the end. Error replies and lost connections are BenchErrors."""
        output, errors = self.process.communicate(timeout=600)
        if self.process.returncode != 0:
            raise BenchError(errors.strip() or f"load generator: {self.process.returncode}")
        return json.loads(output)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.result()


def run_load(settings, server, **options):
    return Load(settings, server, **options).result()


def fill(settings, server, keys, **options):
    return run_load(settings, server, fill=True, keys=keys, connections=8, pipeline=32, **options)


def by_turns(items, round_number):
    """A B, B A, A B ...: neither is always the first."""
    return items if round_number % 2 == 0 else items[::-1]


def spread(values, digits=2):
    """Median and range, as text."""
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f}-{max(values):.{digits}f})")


def median_of(results, field):
    return statistics.median(result[field] for result in results)
