"""`write: through`: who writes is answered when a real redis-server below has the value.

What is acknowledged is looked for below, by name, and then read from there.
"""

import signal
import threading
import time
import unittest

from lower_tier import MEGABYTE, TierTest, run_all, value
from strata import ReplyError, encode, wait_until

IN_MEMORY_ONLY = ReplyError("TIERDOWN the value is set in memory only")
LARGE = b"large" * 100


class ThroughTest(TierTest):
    TIER_WORDS = "write through request-timeout 10000"
    OPTIONS = ("--enable-debug-command", "yes")

    def keys_below(self):
        """strata:node:generation:space:key"""
        with self.tier.client() as client:
            names = [name.split(b":", 4) for name in client.run("KEYS", "*")]
        return {name[4].decode() for name in names if len(name) == 5}

    def run_and_look(self, *command):
        """Its reply, and what lay below when that was there."""
        reply = self.client.run(*command)
        return reply, self.keys_below()

    def assert_below_is_as_here(self, keys):
        """Their values go below without a byte written, and come back the same."""
        run = self.client.run
        digests = run("DEBUG", "DIGEST-VALUE", *keys)
        before = self.status()
        self.assertEqual(run("CACHE.DEMOTE", *keys), len(keys))
        after = self.status()
        self.assertEqual(after["clean-demotions"] - before["clean-demotions"], len(keys))
        self.assertEqual(after["stored-bytes"], before["stored-bytes"])
        self.assertEqual(run("CACHE.PROMOTE", *keys), len(keys))
        self.assertEqual(run("DEBUG", "DIGEST-VALUE", *keys), digests)

    def stop_tier(self):
        self.tier.signal(signal.SIGSTOP)
        self.addCleanup(self.tier.signal, signal.SIGCONT)

    def go_on(self):
        self.tier.signal(signal.SIGCONT)
        self.wait_for_service()


class Acknowledged(ThroughTest):
    def test_whatever_writes_has_written_below(self):
        elements = [LARGE + b"%d" % i for i in range(3)]
        pairs = [word for i, text in enumerate(elements) for word in (f"f{i}", text)]
        scores = [word for i, text in enumerate(elements) for word in (i, text)]
        for command, key in [
                (("SET", "string", LARGE), "string"),
                (("APPEND", "string", "more"), "string"),
                (("SETRANGE", "string", 3, "more"), "string"),
                (("SETBIT", "bits", 8000, 1), "bits"),
                (("MSET", "m1", LARGE, "m2", LARGE), "m2"),
                (("PFADD", "log", *range(2000)), "log"),
                (("HSET", "hash", *pairs), "hash"),
                (("HINCRBY", "hash", "n", 1), "hash"),
                (("RPUSH", "list", *elements), "list"),
                (("RPOPLPUSH", "list", "moved"), "moved"),
                (("SADD", "set", *elements), "set"),
                (("SINTERSTORE", "same", "set", "set"), "same"),
                (("ZADD", "sorted", *scores), "sorted"),
                (("XADD", "stream", "1-1", "f", LARGE), "stream"),
                (("XGROUP", "CREATE", "stream", "group", 0), "stream"),
                (("XREADGROUP", "GROUP", "group", "c", "STREAMS", "stream", ">"), "stream"),
                (("SORT", "list", "ALPHA", "STORE", "copied"), "copied"),
                (("COPY", "string", "copy"), "copy"),
                (("RENAME", "copy", "renamed"), "renamed"),
                (("RESTORE", "restored", 0, self.dump_of(LARGE)), "restored"),
                (("EXPIRE", "string", 1000), "string"),
                (("PERSIST", "string"), "string"),
                (("GETEX", "string", "EX", 1000), "string"),
                (("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", 1, "script", LARGE),
                 "script"),
                (("EVAL", "return redis.call('SET', 'un' .. 'declared', ARGV[1])", 0, LARGE),
                 "undeclared")]:
            reply, below = self.run_and_look(*command)
            self.assertNotIsInstance(reply, ReplyError, command)
            self.assertIn(key, below, command)
            self.assert_below_is_as_here([key])

    def dump_of(self, data):
        self.client.run("SET", "to be dumped", data)
        dump = self.client.run("DUMP", "to be dumped")
        self.client.run("DEL", "to be dumped")
        return dump

    def test_what_is_gone_is_gone_below(self):
        run_all(self.client, [("SET", f"k{i}", LARGE) for i in range(12)])
        self.client.run("RPUSH", "list", LARGE)
        for command, gone in [
                (("DEL", "k0", "k1", "never"), {"k0", "k1"}), (("UNLINK", "k2"), {"k2"}),
                (("GETDEL", "k3"), {"k3"}), (("PEXPIRE", "k4", -1), {"k4"}),
                (("SET", "k5", "small"), {"k5"}), (("RENAME", "k6", "k7"), {"k6"}),
                (("LPOP", "list"), {"list"}), (("MOVE", "k8", 1), set()),
                (("EVAL", "redis.call('DEL', KEYS[1])", 1, "k9"), {"k9"}),
                (("GETEX", "k10", "PXAT", 1), {"k10"})]:
            reply, below = self.run_and_look(*command)
            self.assertNotIsInstance(reply, ReplyError, command)
            self.assertEqual(gone & below, set(), command)
        self.assertEqual(self.keys_below(), {"k7", "k8", "k11"})
        self.assertEqual(self.status()["unstored-writes"], 1)
        self.assertIn(b"tier_unstored_writes:1\r\n", self.client.run("INFO", "tiers"))

    def test_what_the_tier_does_not_take_is_counted(self):
        run = self.client.run
        self.assertEqual(run("SET", "n", 1), b"OK")
        self.assertEqual(run("INCR", "n"), 2)
        run("HSET", "timed", "f", LARGE)
        self.assertEqual(self.keys_below(), {"timed"})
        self.assertEqual(run("HEXPIRE", "timed", 1000, "FIELDS", 1, "f"), [1])
        self.assertEqual(self.keys_below(), set())
        self.assertEqual(run("HPERSIST", "timed", "FIELDS", 1, "f"), [1])
        self.assertEqual(self.keys_below(), {"timed"})
        status = self.status()
        self.assertEqual((status["unstored-writes"], status["stored-writes"]), (3, 2))

    def test_transactions_are_stored_once_at_their_end(self):
        replies = run_all(self.client, [
            ("MULTI",), ("SET", "a", LARGE), *[("APPEND", "a", "+")] * 50, ("SET", "b", LARGE),
            ("SET", "a", LARGE), ("SWAPDB", 0, 1), ("EXEC",)])
        self.assertEqual(replies[-1][0], b"OK")
        self.assertEqual(self.keys_below(), {"a", "b"})
        self.assertLess(self.status()["stored-writes"], 5)
        self.client.run("SELECT", 1)
        self.assert_below_is_as_here(["a", "b"])

    def test_a_script_that_writes_many_keys(self):
        script = "for i = 1, 5000 do redis.call('SET', 'k' .. i % 3000, ARGV[1]) end return 1"
        for arguments in ((0, LARGE), (1, "k0", LARGE)):
            self.assertEqual(self.client.run("EVAL", script, *arguments), 1)
            self.assertEqual(len(self.keys_below()), 3000)
            self.assert_below_is_as_here([f"k{i}" for i in range(3000)])
            self.client.run("FLUSHALL")
            with self.tier.client() as client:
                client.run("FLUSHALL")

    def test_whoever_pops_is_answered_when_it_is_so_below(self):
        with self.server.client() as other:
            for text, rest in ((b"small", set()), (LARGE, {"list"})):
                other.send(encode("BLPOP", "list", 0))
                self.wait_for_blocked()
                self.client.run("RPUSH", "list", b"first", *[text] * (2 if rest else 0))
                self.assertEqual(other.reply(), [b"list", b"first"])
                self.assertEqual(self.keys_below(), rest)
                if rest:
                    self.assert_below_is_as_here(["list"])

    def test_whoever_waits_for_keys_of_other_shards_is_served(self):
        with self.server.client() as other:
            for i in range(20):
                other.send(encode("BLMOVE", f"from{i}", f"to{i}", "LEFT", "RIGHT", 0))
                self.wait_for_blocked()
                self.assertEqual(self.client.run("RPUSH", f"from{i}", LARGE, LARGE), 2)
                self.assertEqual(other.reply(), LARGE)
                self.assertLessEqual({f"from{i}", f"to{i}"}, self.keys_below())
                self.assert_below_is_as_here([f"from{i}", f"to{i}"])

    def wait_for_blocked(self):
        wait_until(lambda: b"blocked_clients:1" in self.client.run("INFO", "clients"), "it waits")


class Pipelines(ThroughTest):
    def test_a_thousand_writes_together(self):
        commands = [(("SET", f"k{i}", value(i)), b"OK") for i in range(1000)]
        for i in range(0, 1000, 7):
            commands.insert(2 * i, (("GET", f"k{i}"), None))
            commands.append((("GET", f"k{i}"), value(i)))
        wanted = [reply for _, reply in commands]
        replies = run_all(self.client, [command for command, _ in commands])
        self.assertEqual(len(self.keys_below()), 1000)
        for (command, _), reply, want in zip(commands, replies, wanted):
            self.assertIn(reply, (want, value(int(command[1][1:]))), command)
        self.assertEqual(self.status()["stored-writes"], 1000)

    def test_one_key_over_and_over(self):
        count = 2000
        replies = run_all(self.client, [("SET", "k", LARGE)] + [("APPEND", "k", "+")] * count)
        self.assertEqual(replies, [b"OK"] + [len(LARGE) + i + 1 for i in range(count)])
        self.assert_below_is_as_here(["k"])

    def test_nothing_is_answered_before_and_all_in_order(self):
        self.client.run("SET", "read", LARGE)
        self.stop_tier()
        self.client.send(b"".join(encode(*command) for command in [
            ("ECHO", "1"), ("SET", "a", LARGE), ("GET", "read"), ("NOSUCH",), ("SET", "b", LARGE),
            ("GET", "b")]))
        with self.server.client() as other:
            wait_until(lambda: other.run("GET", "a") == LARGE, "it has run")
            self.client.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                self.client.socket.recv(1)
        self.client.socket.settimeout(60)
        self.client.stream = self.client.socket.makefile("rb")
        self.tier.signal(signal.SIGCONT)
        replies = [self.client.reply() for _ in range(6)]
        self.assertEqual(replies[:3], [b"1", b"OK", LARGE])
        self.assertIsInstance(replies[3], ReplyError)
        self.assertEqual(replies[4:], [b"OK", LARGE])
        self.assertLessEqual({"a", "b", "read"}, self.keys_below())

    def test_a_pipeline_is_under_way_together(self):
        count = 100
        self.stop_tier()
        with self.server.client() as other:
            other.run("PING")
            self.server.signal(signal.SIGSTOP)  # so that it finds all of it at once
            other.send(b"".join(encode("SET", f"k{i}", LARGE) for i in range(count)))
            self.server.signal(signal.SIGCONT)
            wait_until(lambda: self.status()["outstanding-requests"] >= count, "all are asked for")
            self.tier.signal(signal.SIGCONT)
            self.assertEqual([other.reply() for _ in range(count)], [b"OK"] * count)

    def test_a_client_that_quits_gets_its_replies(self):
        with self.server.client() as other:
            other.send(encode("SET", "k", LARGE) + encode("QUIT") + encode("SET", "k", "no"))
            self.assertEqual(other.rest(), b"+OK\r\n+OK\r\n")
        self.assertEqual(self.keys_below(), {"k"})

    def test_a_client_that_wants_no_replies_gets_none(self):
        self.client.send(encode("CLIENT", "REPLY", "OFF") + encode("SET", "k", LARGE) +
                         encode("CLIENT", "REPLY", "ON"))
        self.assertEqual(self.client.reply(), b"OK")
        self.assertEqual(self.keys_below(), {"k"})
        self.client.send(encode("CLIENT", "REPLY", "SKIP") + encode("SET", "s", LARGE) +
                         encode("PING"))
        self.assertEqual(self.client.reply(), b"PONG")

    def test_the_server_ends_when_what_is_under_way_is_there(self):
        self.stop_tier()
        self.client.send(encode("SET", "k", LARGE))
        with self.server.client() as other:
            wait_until(lambda: other.run("GET", "k") == LARGE, "it has run")
        self.server.signal()
        time.sleep(0.1)  # it closes the other clients meanwhile
        self.tier.signal(signal.SIGCONT)
        self.assertEqual(self.client.rest(), b"+OK\r\n")
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(self.keys_below(), {"k"})
        self.server.start()


class Together(ThroughTest):
    THREADS = 6

    def each(self, work):
        """Runs work(number, client) by threads of its own."""
        failures = []

        def guarded(number):
            try:
                with self.server.client() as client:
                    work(number, client)
            except Exception as failure:  # told by the test's own thread
                failures.append(failure)

        threads = [threading.Thread(target=guarded, args=(i,)) for i in range(self.THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_clients_that_write_the_same_key(self):
        def append(number, client):
            for _ in range(200):
                self.assertNotIsInstance(client.run("APPEND", "k", LARGE), ReplyError)

        self.each(append)
        self.assertEqual(self.client.run("STRLEN", "k"), self.THREADS * 200 * len(LARGE))
        self.assert_below_is_as_here(["k"])

    def test_clients_that_write_and_remove_the_same_keys(self):
        def change(number, client):
            for i in range(150):
                key = f"k{(i + number) % 10}"
                commands = [("SET", key, value(i)), ("DEL", key), ("SET", key, value(i + 1)),
                            ("EXPIRE", key, 100), ("SET", f"own{number}", value(i))]
                for reply in run_all(client, commands):
                    self.assertNotIsInstance(reply, ReplyError)

        self.each(change)
        keys = {f"k{i}" for i in range(10)} | {f"own{i}" for i in range(self.THREADS)}
        self.assertEqual(self.keys_below(), keys)
        self.assert_below_is_as_here(sorted(keys))

    def test_what_was_acknowledged_lies_below_after_a_crash(self):
        acknowledged = [[] for _ in range(self.THREADS)]

        def write(number, client):
            for i in range(100_000):
                keys = [f"{number}-{i}-{n}" for n in range(5)]
                try:
                    replies = run_all(client, [("SET", key, LARGE) for key in keys])
                except (EOFError, ConnectionError):
                    return
                self.assertEqual(replies, [b"OK"] * 5)
                acknowledged[number] += keys

        killer = threading.Timer(1, self.server.signal, (signal.SIGKILL,))
        killer.start()
        self.each(write)
        self.server.process.wait()
        written = {key for keys in acknowledged for key in keys}
        self.assertGreater(len(written), 100)
        self.assertLessEqual(written, self.keys_below())
        self.server.start()


class MemoryFull(ThroughTest):
    COUNT = 60_000

    def test_values_that_go_below_are_there_already(self):
        self.fill(self.COUNT)
        self.assert_resident_in_bounds()
        status = self.status()
        self.assertEqual(self.below(), self.COUNT)
        self.assertGreater(status["keys"], self.COUNT // 3)
        self.assertEqual(status["clean-demotions"], status["demotions"])
        self.check(self.COUNT)


class MuchAtOnce(ThroughTest):
    MEMORY = 256 * MEGABYTE

    def test_one_command_and_many_with_large_values(self):
        large = b"v" * (MEGABYTE // 2)
        self.assertEqual(self.client.run("MSET", *[word for i in range(20)
                                                   for word in (f"m{i}", large)]), b"OK")
        replies = run_all(self.client, [("SET", f"k{i}", large) for i in range(100)])
        self.assertEqual(replies, [b"OK"] * 100)
        self.assertEqual(len(self.keys_below()), 120)
        self.assertEqual(self.status()["writing-bytes"], 0)


    def test_so_much_is_under_way_and_then_writers_wait(self):
        large = b"v" * (MEGABYTE // 2)
        self.stop_tier()
        with self.server.client() as other, self.server.client() as another:
            other.send(encode("MSET", *[word for i in range(20) for word in (f"m{i}", large)]))
            wait_until(lambda: self.status()["writing-bytes"] >= 8 * MEGABYTE, "much is under way")
            another.send(encode("SET", "k", LARGE))
            time.sleep(0.3)  # for what should not happen
            self.assertEqual(self.client.run("EXISTS", "k"), 0)
            self.tier.signal(signal.SIGCONT)
            self.assertEqual([other.reply(), another.reply()], [b"OK", b"OK"])
        self.assertEqual(len(self.keys_below()), 21)


class SlowScript(ThroughTest):
    OPTIONS = ("--io-threads", "1", "--busy-reply-threshold", "50")

    def test_others_who_are_served_meanwhile_do_not_store_for_it(self):
        script = "redis.call('SET', KEYS[1], ARGV[1]) local i = 0 while i < 3e7 do i = i + 1 end"
        with self.server.client() as other:
            other.send(encode("EVAL", script, 1, "k", LARGE))
            wait_until(lambda: str(self.client.run("PING")).startswith("BUSY"), "it is busy")
            self.assertNotIsInstance(self.client.run("HELLO"), ReplyError)
            self.assertIsNone(other.reply())
        self.assertEqual(self.keys_below(), {"k"})


class Down(ThroughTest):
    TIER_WORDS = "write through request-timeout 1000"

    def test_a_tier_that_stands_still(self):
        run = self.client.run
        run("SET", "old", LARGE)
        run("SET", "removed", LARGE)
        self.stop_tier()
        self.assertEqual(run("SET", "a", LARGE), IN_MEMORY_ONLY)
        self.assertEqual(run("GET", "a"), LARGE)
        self.assertEqual(run("SET", "small", 1), b"OK")
        replies = run_all(self.client, [("SET", f"k{i}", LARGE) for i in range(200)])
        self.assertEqual(replies, [IN_MEMORY_ONLY] * 200)
        self.assertEqual(run("DEL", "removed"), IN_MEMORY_ONLY)
        self.assertEqual(run("DEL", "never"), 0)
        mixed = run_all(self.client, [
            ("GET", "a"), ("SET", "old", LARGE * 2), ("PING",), ("MULTI",), ("SET", "b", LARGE),
            ("GET", "b"), ("EXEC",), ("GET", "b")])
        self.assertEqual(mixed, [LARGE, IN_MEMORY_ONLY, b"PONG", b"OK", b"QUEUED", b"QUEUED",
                                 IN_MEMORY_ONLY, LARGE])
        self.assertIn(b"errorstat_TIERDOWN:count=204\r\n", run("INFO", "errorstats"))
        self.go_on()
        self.assertEqual(run("SET", "now", LARGE), b"OK")
        keys = {"old", "a", "b", "now"} | {f"k{i}" for i in range(200)}
        wait_until(lambda: self.keys_below() == keys, "what was owed is stored")
        wait_until(lambda: self.status()["writing-bytes"] == 0)
        self.assert_below_is_as_here(sorted(keys))

    def test_one_that_was_killed(self):
        self.tier.signal(signal.SIGKILL)
        self.tier.process.wait()
        wait_until(lambda: self.client.run("SET", "k", LARGE) == IN_MEMORY_ONLY)
        self.assertEqual(self.client.run("GET", "k"), LARGE)
        self.tier.start()
        self.wait_for_service()
        wait_until(lambda: self.keys_below() == {"k"}, "it is stored")
        self.assertEqual(self.client.run("APPEND", "k", "+"), len(LARGE) + 1)
        self.assert_below_is_as_here(["k"])

    def test_who_pops_may_lose_what_it_popped_but_not_wait(self):
        with self.server.client() as other:
            self.client.run("RPUSH", "list", LARGE)
            self.stop_tier()
            self.assertEqual(self.client.run("LPOP", "list"), IN_MEMORY_ONLY)
            other.send(encode("BLPOP", "list", 0))
            wait_until(lambda: b"blocked_clients:1" in self.client.run("INFO", "clients"))
            self.assertEqual(self.client.run("RPUSH", "list", LARGE, LARGE), IN_MEMORY_ONLY)
            self.assertEqual(other.reply(), IN_MEMORY_ONLY)
            self.assertEqual(other.run("LLEN", "list"), 1)

    def test_what_is_told_beside_a_reply_is_not_lost_with_it(self):
        self.client.send(encode("HELLO", 3) + encode("CLIENT", "TRACKING", "ON") +
                         encode("SET", "k", LARGE) + encode("GET", "k") + encode("ECHO", "ready"))
        self.read_up_to(b"$5\r\nready\r\n")
        self.stop_tier()
        self.client.send(encode("SET", "k", LARGE) + encode("ECHO", "done"))
        lines = self.read_up_to(b"$4\r\ndone\r\n")
        self.assertEqual(lines, b"-TIERDOWN the value is set in memory only\r\n"
                         b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$4\r\ndone\r\n")

    def read_up_to(self, end):
        data = b""
        while not data.endswith(end):
            data += self.client.stream.readline()
        return data


class DownAndMissed(ThroughTest):
    TIER_WORDS = "write through on-error miss request-timeout 500"

    def test_writers_get_what_they_always_do_and_the_store_is_owed(self):
        run = self.client.run
        self.stop_tier()
        self.assertEqual(run("SET", "k", LARGE), b"OK")
        self.assertEqual(run_all(self.client, [("MULTI",), ("SET", "l", LARGE), ("EXEC",)])[-1],
                         [b"OK"])
        self.assertEqual(run("GET", "k"), LARGE)
        self.go_on()
        wait_until(lambda: self.keys_below() == {"k", "l"}, "what was owed is stored")


class Full(ThroughTest):
    TIER_OPTIONS = ("--maxmemory", "4mb", "--maxmemory-policy", "noeviction")
    TIER_WORDS = "write through request-timeout 10000 compression-level 0"

    def test_a_full_tier(self):
        run = self.client.run
        replies = [run("SET", f"k{i}", value(i, 4000)) for i in range(1500)]
        self.assertEqual(replies[0], b"OK")
        self.assertEqual(replies[-1], IN_MEMORY_ONLY)
        self.assertEqual(set(map(str, replies)), {str(b"OK"), str(IN_MEMORY_ONLY)})
        stored = {f"k{i}" for i, reply in enumerate(replies) if reply == b"OK"}
        self.assertLessEqual(stored, self.keys_below())
        self.check(1500, 4000)
        with self.tier.client() as client:
            client.run("CONFIG", "SET", "maxmemory", "40mb")
        wait_until(lambda: run("SET", "k0", LARGE) == b"OK", "there is room again")


if __name__ == "__main__":
    unittest.main()
