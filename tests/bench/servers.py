"""Servers under measurement: start one in its own folder, on its own cores; look at it; end it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

import redis


class BenchError(Exception):
    """Something broke: a benchmark that cannot be trusted, as against a bar that is missed."""


@dataclass
class Spec:
    """How to start one of the two servers."""

    name: str
    program: str
    options: tuple = ()  # more of its command line

    def command(self, port, unix_socket, io_threads):
        options = ["--port", str(port), "--bind", "127.0.0.1", "--unixsocket", unix_socket,
                   "--save", "", "--io-threads", str(io_threads)]
        if os.path.basename(self.program) == "redis-server":
            options += ["--appendonly", "no"]
        return [self.program, *options, *self.options]

    def version(self):
        result = subprocess.run([self.program, "--version"], capture_output=True, text=True)
        lines = (result.stdout or result.stderr).strip().splitlines()
        return lines[0] if lines else "unknown"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server, to be used in a with statement, which ends it and removes its folder."""

    def __init__(self, spec, cores, io_threads=1):
        self.spec = spec
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="strata-bench-")
        self.unix_socket = os.path.join(self.folder, "socket")
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            spec.command(self.port, self.unix_socket, io_threads), cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.client = redis.Redis(port=self.port, socket_timeout=60)

    def __enter__(self):
        try:
            self._wait_until_up()
        except BenchError:
            self._stop()
            raise
        return self

    def __exit__(self, kind, error, trace):
        died = self.process.poll()
        self._stop()
        if died is not None and kind is None:
            raise BenchError(f"{self.spec.name} ended by itself with status {died}")

    @property
    def pid(self):
        return self.process.pid

    def rss_bytes(self):
        """Resident memory as the operating system counts it."""
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise BenchError(f"{self.spec.name} has no VmRSS")

    def cpu_seconds(self):
        """CPU time of all its threads, to the nanosecond (the clock of clock_getcpuclockid(3))."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def info(self):
        """INFO's fields, those of the server's own sections too."""
        return self.client.info("everything")

    def _wait_until_up(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if self.client.ping():
                    return
            except redis.exceptions.ConnectionError:
                time.sleep(0.02)
        with open(os.path.join(self.folder, "log"), errors="replace") as log:
            raise BenchError(f"{self.spec.name} did not start:\n{log.read()[-2000:]}")

    def _stop(self):
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
