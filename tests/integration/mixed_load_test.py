#!/usr/bin/python3
"""Eight threads of everything at once, for a while; then the server must still be in order.

`make tsan` runs this under ThreadSanitizer, which ends the server at the first race.
"""

import os
import random
import re
import signal
import threading
import time
import traceback
import unittest

from strata import Client, ReplyError, Server, encode, wait_until

THREADS = 8
SECONDS = float(os.environ.get("STRATA_LOAD_SECONDS", "10"))
EXPECTED_ERRORS = re.compile(
    "ERR value is not an integer|ERR increment or decrement would overflow|ERR no such key|"
    "ERR value is not a valid float|ERR source and destination objects are the same|"
    "ERR increment would produce NaN or Infinity|ERR No such client|ERR syntax error|"
    "ERR Replica can't interact with the keyspace|ERR offset is out of range|"
    "OOM command not allowed|EXECABORT Transaction discarded because of previous errors|"
    "ERR The client ID you want redirect to does not exist|"  # the server may be ending
    "ERR no such class|ERR miss-ratio curves need|ERR too many classes that were removed")
COUNT_DECLARED = "return redis.call('INCR', KEYS[1])"
COUNT_UNDECLARED = "return redis.call('INCR', ARGV[1])"


class Load:
    """One thread's commands; a seed makes them the same again."""

    def __init__(self, server, seed, limits=("0", "4gb")):
        self.server = server
        self.limits = limits  # for maxmemory
        self.random = random.Random(seed)
        self.client = server.client()
        self.commands = 0
        self.failure = None

    def key(self):
        return f"key:{self.random.randrange(2000)}"

    def value(self):
        return b"v" * self.random.choice((1, 10, 100, 1000, 20_000, 100_000))

    def data_command(self):
        key, other = self.key(), self.key()
        number = str(self.random.randrange(100))
        return self.random.choice((
            ("SET", key, number), ("SET", key, self.value()), ("SET", key, number, "PX", "50"),
            ("SET", key, number, "NX", "GET"), ("GET", key), ("GET", key), ("GETDEL", key),
            ("GETEX", key, "PX", "100"), ("INCR", f"n:{number}"), ("INCRBYFLOAT", key, "1.5"),
            ("APPEND", key, number), ("SETRANGE", key, number, "x"), ("GETRANGE", key, "0", number),
            ("MSET", key, "1", other, "2"), ("MSETNX", key, "1", other, "2"), ("MGET", key, other),
            ("DEL", key, other), ("UNLINK", key), ("EXISTS", key, other), ("RENAME", key, other),
            ("COPY", key, other, "REPLACE"), ("EXPIRE", key, "1"), ("PEXPIRE", key, "30"),
            ("PERSIST", key), ("PTTL", key), ("TYPE", key), ("OBJECT", "ENCODING", key),
            ("LCS", f"n:{number}", "n:1", "LEN"), ("MEMORY", "USAGE", key),
            ("RPUSH", f"list:{number}", "x"), ("BLPOP", f"list:{number}", "list:1", "0.002"),
            ("PUBLISH", "news", number), ("EVAL", COUNT_DECLARED, "1", f"n:{number}"),
            ("EVAL", COUNT_UNDECLARED, "0", f"n:{number}")))

    def class_command(self):
        choice = self.random.choice
        return choice((
            ("CACHE.CLASS", "SET", choice("abc"), "match", choice(("key:1*", "n:*", "list:*")),
             "quota", choice(("0", "20kb")), "policy", choice(("allkeys-lru", "volatile-ttl")),
             "ttl", choice("01"), "ttl-jitter", choice(("0", "50"))),
            ("CACHE.CLASS", "DEL", choice("abc")), ("CACHE.CLASS", "STATS"), ("CACHE.MRC",),
            ("CACHE.CLASS", "LIST")))

    def rare_command(self):
        if self.random.random() < 0.1:
            return self.class_command()
        return self.random.choice((
            ("CLIENT", "LIST"), ("CLIENT", "INFO"), ("CLIENT", "SETNAME", "loader"),
            ("INFO",), ("INFO", "everything"), ("DBSIZE",), ("RANDOMKEY",), ("KEYS", "key:1*"),
            ("SCAN", "0", "COUNT", "200"), ("SELECT", str(self.random.randrange(3))),
            ("CONFIG", "SET", "slowlog-log-slower-than", str(self.random.randrange(0, 10000))),
            ("CONFIG", "SET", "maxmemory", self.random.choice(self.limits)),
            ("CONFIG", "SET", "maxmemory-policy", self.random.choice(("adaptive", "allkeys-lru"))),
            ("CACHE.POLICY", "STATUS"), ("CONFIG", "SET", "timeout", self.random.choice(("0", "100"))),
            ("CONFIG", "SET", "notify-keyspace-events", self.random.choice(("", "KEA"))),
            ("SCRIPT", "FLUSH"), ("WATCH", self.key()), ("UNWATCH",),
            ("CONFIG", "GET", "*"), ("CONFIG", "RESETSTAT"), ("SLOWLOG", "GET"),
            ("SLOWLOG", "RESET"), ("LATENCY", "HISTOGRAM"), ("LATENCY", "LATEST"),
            ("MEMORY", "STATS"), ("MEMORY", "DOCTOR"), ("MEMORY", "PURGE"), ("COMMAND", "COUNT"),
            ("FLUSHDB",), ("FLUSHDB", "ASYNC"), ("SWAPDB", "0", "1"), ("MOVE", self.key(), "2"),
            ("DEBUG", "SET-ACTIVE-EXPIRE", self.random.choice("011")), ("DEBUG", "DIGEST"),
            ("CLIENT", "PAUSE", "5", "WRITE"), ("CLIENT", "UNPAUSE"), ("CLIENT", "NO-TOUCH", "ON"),
            ("CLIENT", "KILL", "MAXAGE", "1000"), ("PING",), ("HELLO",), ("TIME",)))

    def command(self):
        return self.rare_command() if self.random.random() < 0.03 else self.data_command()

    def check(self, command, reply):
        self.commands += 1
        if isinstance(reply, ReplyError) and not EXPECTED_ERRORS.search(str(reply)):
            raise AssertionError(f"{command[:3]} answered {reply}")

    def pipeline(self):
        commands = [self.command() for _ in range(self.random.choice((1, 1, 16, 64)))]
        self.client.send(b"".join(encode(*command) for command in commands))
        for command in commands:
            self.check(command, self.client.reply())

    def transaction(self):
        commands = [("WATCH", self.key()), ("MULTI",)]
        commands += [self.data_command() for _ in range(self.random.randrange(10))] + [("EXEC",)]
        self.client.send(b"".join(encode(*command) for command in commands))
        for command in commands:
            self.check(command, self.client.reply())

    def subscribe(self):
        """Reads some of what it is sent, and leaves the rest."""
        with self.server.client() as subscriber:
            channel = self.random.choice(("news", "__keyevent@0__:set"))
            self.check(("SUBSCRIBE",), subscriber.run("SUBSCRIBE", channel))
            self.check(("PSUBSCRIBE",), subscriber.run("PSUBSCRIBE", "n?ws", "__key*"))
            subscriber.reply()
            for _ in range(self.random.randrange(20)):
                self.check(("PUBLISH",), self.client.run("PUBLISH", "news", "one"))
                subscriber.reply()

    def track(self):
        """Caches what it reads, with invalidations sent to another client."""
        with self.server.client() as listener, self.server.client() as cache:
            number = listener.run("CLIENT", "ID")
            self.check(("SUBSCRIBE",), listener.run("SUBSCRIBE", "__redis__:invalidate"))
            mode = self.random.choice(((), ("BCAST",), ("BCAST", "PREFIX", "key:1"), ("NOLOOP",)))
            self.check(("TRACKING",), cache.run("CLIENT", "TRACKING", "ON", "REDIRECT", number, *mode))
            for _ in range(self.random.randrange(50)):
                command = self.data_command()
                self.check(command, cache.run(*command))

    def reconnect(self):
        if self.random.random() < 0.5:  # leaves with replies under way
            self.client.send(encode("GET", self.key()) * 20)
        self.client.close()
        self.client = self.server.client()

    def monitor(self):
        with Client(self.server.port) as monitor:
            self.check(("MONITOR",), monitor.run("MONITOR"))
            for _ in range(self.random.randrange(50)):
                self.client.run("PING")  # a line at least, should all others have come to their end
                monitor.stream.readline()

    def be_killed(self):
        with self.server.client() as victim:
            number = victim.run("CLIENT", "ID")
            self.check(("CLIENT", "KILL"), self.client.run("CLIENT", "KILL", "ID", number))
            victim.rest()

    def run(self, until):
        try:
            while time.monotonic() < until:
                chance = self.random.random()
                if chance < 0.005:
                    self.monitor()
                elif chance < 0.01:
                    self.be_killed()
                elif chance < 0.02:
                    self.reconnect()
                elif chance < 0.03:
                    self.subscribe()
                elif chance < 0.04:
                    self.track()
                elif chance < 0.1:
                    self.transaction()
                else:
                    self.pipeline()
        except Exception as failure:  # shown by the main thread
            self.failure = failure
        finally:
            self.client.close()


class MixedLoad(unittest.TestCase):
    def test_everything_at_once(self):
        # What is moved for the sake of memory is moved all the time.
        server = Server("--io-threads", "4", "--activedefrag", "yes", "--active-defrag-ignore-bytes",
                        "1", "--active-defrag-threshold-lower", "0")
        self.run_everything(server, limits=("0", "4gb"))

    def test_everything_at_once_while_keys_are_evicted(self):
        server = Server("--io-threads", "4", "--maxmemory-policy", "adaptive", "--maxmemory", "30mb")
        self.run_everything(server, limits=("1mb", "30mb", "60mb"))
        with server.client() as client:
            client.run("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "adaptive")
            for i in range(10):
                self.assertEqual(client.run("SET", str(i), "v"), b"OK")
            client.run("CONFIG", "SET", "maxmemory", "1mb")
            wait_until(lambda: client.run("DBSIZE") == 0, "they are evicted")
            self.assertRegex(client.run("INFO", "stats"), rb"evicted_keys:[1-9]")

    def run_everything(self, server, limits):
        seed = random.randrange(1 << 30)
        print(f"seed {seed}", flush=True)
        self.addCleanup(server.close)
        loads = [Load(server, seed + i, limits) for i in range(THREADS)]
        until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=load.run, args=(until,)) for load in loads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{sum(load.commands for load in loads)} commands")
        for load in loads:
            if load.failure:
                traceback.print_exception(load.failure)
        self.assertEqual([load.failure for load in loads], [None] * THREADS, server.log()[-20000:])
        self.check_order(server)

    def check_order(self, server):
        with server.client() as client:
            client.run("DEBUG", "SET-ACTIVE-EXPIRE", "1")
            client.run("CLIENT", "UNPAUSE")
            wait_until(lambda: client.run("CLIENT", "LIST").count(b"\n") == 1, "others have left")
            for database in range(3):
                client.run("SELECT", database)
                cursor, found = b"0", set()
                while True:
                    cursor, some = client.run("SCAN", cursor, "COUNT", "1000")
                    found.update(key for key in some if client.run("EXISTS", key))
                    if cursor == b"0":
                        break
                wait_until(lambda: client.run("DBSIZE") <= len(found), "expired keys have left")
            client.run("FLUSHALL")
            self.assertEqual(client.run("DBSIZE"), 0)

    def test_ending_under_load(self):
        seed = random.randrange(1 << 30)
        server = Server("--io-threads", "4")
        self.addCleanup(server.close)
        loads = [Load(server, seed + i) for i in range(THREADS)]
        threads = [threading.Thread(target=load.run, args=(time.monotonic() + 60,))
                   for load in loads]
        for thread in threads:
            thread.start()
        wait_until(lambda: sum(load.commands for load in loads) > 2000, "the load is under way")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        for thread in threads:
            thread.join()
        for load in loads:  # they have been cut off, and nothing worse
            self.assertIsInstance(load.failure, (EOFError, OSError), load.failure)


if __name__ == "__main__":
    unittest.main()
