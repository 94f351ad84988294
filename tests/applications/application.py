"""What the tests with real applications share: where strata.py is, and processes beside the test.

The scripts import from here what they need of strata.py as well.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "integration"))

from strata import TIMEOUT, Server, ServerTest, free_port, wait_until

# Workers in Python leave no __pycache__ beside what they run.
QUIET = {"PYTHONDONTWRITEBYTECODE": "1"}
# What is started ends with this process, even if ctest kills that.
TIED = ("setpriv", "--pdeathsig", "TERM")
# Against hanging only: all programs together stay below the 300 s after which ctest kills.
DEADLINE = time.monotonic() + 3 * TIMEOUT


def beside(name):
    """The path of a file in this folder."""
    return os.path.join(FOLDER, name)


def run_script(*words, **environment):
    """Runs a program that ends by itself; unless it succeeds, its output is the test's failure."""
    try:
        result = subprocess.run(
            TIED + words, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=max(5, DEADLINE - time.monotonic()))
        end, output = f"ended with {result.returncode}", result.stdout
    except subprocess.TimeoutExpired as expired:
        end, output = "did not end", expired.output
    if end != "ended with 0":
        output = (output or b"").decode(errors="replace")
        raise AssertionError(f"{' '.join(words)} {end}:\n{output}")


def run_node(script, server):
    """Runs a script of tests for node (make npm installs the modules) against the server."""
    run_script("node", beside(script), str(server.port))


class Worker:
    """A process that works until it is stopped, with a folder and a session of its own."""

    def __init__(self, *words, **environment):
        self.folder = tempfile.TemporaryDirectory(prefix="strata-application-")
        self.words = words
        with open(self._log_path(), "wb") as log:
            self.process = subprocess.Popen(
                TIED + words, cwd=self.folder.name, env={**os.environ, **QUIET, **environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True)

    def _log_path(self):
        return os.path.join(self.folder.name, "log")

    def log(self):
        """Everything it printed so far."""
        with open(self._log_path(), errors="replace") as log:
            return log.read()

    def wait_for(self, text):
        """Waits until it has printed this."""
        wait_until(lambda: text in self.log() or self.process.poll() is not None, f"it says {text}")
        if text not in self.log():
            raise AssertionError(f"{' '.join(self.words)} ended before {text!r}:\n{self.log()}")

    def stop(self):
        """Asks it to end, which it must do without an error, and removes its folder."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=TIMEOUT)
            if code not in (0, -signal.SIGTERM):
                raise AssertionError(f"{' '.join(self.words)} ended with {code}:\n{self.log()}")
        finally:
            self._kill_what_is_left()
            self.folder.cleanup()

    def _kill_what_is_left(self):
        """Kills what remains of its session: children may have made groups of their own."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getsid(int(name)) == self.process.pid:
                    os.kill(int(name), signal.SIGKILL)
            except ProcessLookupError:
                pass  # gone in the meantime
        self.process.wait()
