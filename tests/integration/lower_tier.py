"""What the tests of the tier below memory share: a real redis-server below ours, and keys that are
more than memory has room for.
"""

import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from strata import Client, Server, encode, free_port, wait_until

MEGABYTE = 1 << 20


class LowerTier:
    """A redis-server of our own."""

    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="strata-tier-")
        self.port = free_port()
        self.options = options
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.folder, *self.options], stdout=subprocess.DEVNULL)
        try:
            wait_until(self._answers, "the lower tier answers")
        except AssertionError:
            self.close()
            raise

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the lower tier ended with {self.process.returncode}")
        try:
            with self.client() as client:
                client.run("PING")
                return True
        except (EOFError, ConnectionError):
            return False

    def client(self):
        return Client(self.port)

    def signal(self, number):
        self.process.send_signal(number)

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def value(number, size=1500):
    """Bytes that differ from key to key, of about that size."""
    return b"%d:" % number + bytes([97 + number % 26]) * (size + number % 97)


def run_all(client, commands):
    """Sends the commands together; their replies."""
    client.send(b"".join(encode(*command) for command in commands))
    return [client.reply() for _ in commands]


def as_dict(flat):
    """A map of RESP2."""
    return {name.decode(): item for name, item in zip(flat[::2], flat[1::2])}


class TierTest(unittest.TestCase):
    MEMORY = 48 * MEGABYTE
    POLICY = "noeviction"
    TIER_WORDS = "request-timeout 10000"  # the machine may be slow
    TIER_OPTIONS = ()
    OPTIONS = ()  # of the server

    def setUp(self):
        self.tier = self.start_tier()
        self.addCleanup(self.tier.close)
        self.server = Server("--maxmemory", str(self.MEMORY), "--maxmemory-policy", self.POLICY,
                             *self.OPTIONS, "--tier", "cold", *self.tier_words().split())
        self.addCleanup(self.server.close)
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        self.wait_for_tier()

    def kill(self):
        self.server.signal(signal.SIGKILL)
        self.server.process.wait()

    def start(self):
        """The server, again, and a client of it."""
        self.server.start()
        self.client.close()
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def wait_for_tier(self):
        """Nothing goes below before it is there; some tests are of tiers that never are."""
        end = time.monotonic() + 2
        while b"up" not in self.client.run("CACHE.TIER", "STATUS")[0] and time.monotonic() < end:
            time.sleep(0.01)

    def wait_for_service(self):
        """Until the tier is asked again by every thread."""
        wait_until(lambda: self.status()["state"] == b"up", "the tier is used again")

    def start_tier(self):
        return LowerTier(*self.TIER_OPTIONS)

    def tier_words(self):
        return f"address 127.0.0.1:{self.tier.port} {self.TIER_WORDS}"

    def fill(self, count, size=1500):
        """Keys k0 ...; strings."""
        for start in range(0, count, 500):
            self.write(range(start, min(start + 500, count)), size)

    def write(self, numbers, size):
        """A server of so little memory refuses a few while pages are on their way back to the
        system: those are tried again, as a client would."""
        end = time.monotonic() + 10
        while numbers:
            replies = run_all(self.client, [("SET", f"k{i}", value(i, size)) for i in numbers])
            refused = [(i, reply) for i, reply in zip(numbers, replies) if reply != b"OK"]
            strange = [reply for _, reply in refused if not str(reply).startswith("OOM")]
            self.assertEqual(strange, [])
            self.assertLess(time.monotonic(), end, refused)
            numbers = [i for i, _ in refused]
            time.sleep(0.01 if numbers else 0)

    def check(self, count, size=1500, missing=frozenset()):
        for start in range(0, count, 500):
            numbers = range(start, min(start + 500, count))
            for i, reply in zip(numbers, run_all(self.client, [("GET", f"k{i}") for i in numbers])):
                self.assertEqual(reply, None if i in missing else value(i, size), f"k{i}")

    def status(self):
        """Of the tier, as CACHE.TIER STATUS tells it; the servers' as well."""
        status = as_dict(self.client.run("CACHE.TIER", "STATUS")[0])
        status["servers"] = [as_dict(server) for server in status["servers"]]
        return status

    def below(self):
        """How many values are there."""
        with self.tier.client() as client:
            records = client.run("KEYS", "*:owner") + client.run("KEYS", "*:run")
            return client.run("DBSIZE") - len(records)

    def assert_resident_in_bounds(self):
        self.assertLess(self.server.resident_bytes(), self.MEMORY * 1.05 + 32 * MEGABYTE)
