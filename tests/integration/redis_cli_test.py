#!/usr/bin/python3
"""redis-cli, in all its modes, against the server."""

import os
import pty
import re
import select
import subprocess
import time
import unittest

from strata import TIMEOUT, ServerTest, wait_until


class RedisCli(ServerTest):
    OPTIONS = ("--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lfu")

    def invoke(self, *words, stdin=b""):
        return subprocess.run(["redis-cli", "-p", str(self.server.port), *words], input=stdin,
                              capture_output=True, timeout=TIMEOUT, check=False)

    def cli(self, *words, stdin=b""):
        """What it printed, if it succeeded."""
        result = self.invoke(*words, stdin=stdin)
        self.assertEqual((result.returncode, result.stderr), (0, b""), result)
        return result.stdout

    def lines(self, *words, stdin=b""):
        return self.cli(*words, stdin=stdin).decode().splitlines()

    def watch(self, *words, until):
        """What an endless mode printed on a terminal, as soon as until(text) is true of it."""
        terminal, inner = pty.openpty()
        process = subprocess.Popen(["redis-cli", "-p", str(self.server.port), *words], stdin=inner,
                                   stdout=inner, stderr=inner)
        os.close(inner)
        text = ""
        deadline = time.monotonic() + TIMEOUT
        try:
            while not until(text):
                self.assertLess(time.monotonic(), deadline, text)
                if select.select([terminal], [], [], 0.2)[0]:
                    text += os.read(terminal, 1 << 16).decode(errors="replace")
        finally:
            process.terminate()
            process.wait(timeout=TIMEOUT)
            os.close(terminal)
        return text

    def test_commands(self):
        self.assertEqual(self.lines("PING"), ["PONG"])
        self.assertEqual(self.lines("SET", "k", "a value"), ["OK"])
        self.assertEqual(self.lines("GET", "k"), ["a value"])
        self.assertEqual(self.lines("APPEND", "k", "!"), ["8"])
        self.assertEqual(self.lines("MGET", "k", "none"), ["a value!", ""])
        self.assertEqual(self.lines("-n", "3", "DBSIZE"), ["0"])
        self.assertEqual(self.lines("--no-raw", "GET", "none"), ["(nil)"])
        self.assertEqual(self.lines("--no-raw", "EXISTS", "k"), ["(integer) 1"])

    def test_commands_from_standard_input(self):
        script = b"SET a 1\nINCR a\nGET a\nSELECT 1\nGET a\n"
        self.assertEqual(self.lines(stdin=script), ["OK", "2", "2", "OK", ""])

    def test_errors_are_told(self):
        self.assertIn("ERR unknown command 'GTE'", self.lines("GTE", "k")[0])
        self.assertIn("wrong number of arguments for 'get' command", self.lines("GET")[0])
        result = self.invoke("-e", "GTE")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"ERR unknown command 'GTE'", result.stderr)

    def test_resp3(self):
        self.cli("SET", "k", "v")
        self.assertEqual(self.lines("-3", "GET", "k"), ["v"])
        shown = self.lines("-3", "--no-raw", "CONFIG", "GET", "maxmemory")
        self.assertEqual(shown, ['1# "maxmemory" => "1073741824"'])
        self.assertIn("proto 3", " ".join(self.lines("-3", "HELLO")))

    def test_pipe_mode_loads_10000_keys(self):
        commands = b"".join(b"*3\r\n$3\r\nSET\r\n$8\r\nkey:%04d\r\n$5\r\nvalue\r\n" % i
                            for i in range(10000))
        shown = self.cli("--pipe", stdin=commands).decode()
        self.assertIn("errors: 0, replies: 10000", shown)
        self.assertEqual(self.lines("DBSIZE"), ["10000"])

    def test_pipe_mode_counts_errors(self):
        result = self.invoke("--pipe", stdin=b"SET a 1\r\nNONSENSE\r\nGET a\r\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"ERR unknown command 'NONSENSE'", result.stderr)
        self.assertIn(b"errors: 1, replies: 3", result.stdout)

    def test_scan(self):
        self.fill(1000)
        self.assertEqual(len(set(self.lines("--scan"))), 1000)
        some = self.lines("--scan", "--pattern", "key:00*")
        self.assertEqual(sorted(some), [f"key:{i:04}" for i in range(100)])
        self.assertEqual(len(set(self.lines("--scan", "--quoted-pattern", '"key:\\x30*"'))), 1000)

    def fill(self, count):
        commands = "".join(f"SET key:{i:04} value\n" for i in range(count))
        self.lines(stdin=commands.encode())

    def test_bigkeys(self):
        self.fill(500)
        self.cli("SETRANGE", "giant", "99999", "x")
        shown = self.cli("--bigkeys").decode()
        self.assertIn('Biggest string found \'"giant"\' has 100000 bytes', shown)
        self.assertIn("Sampled 501 keys in the keyspace!", shown)
        self.assertIn("501 strings with", shown)

    def test_bigkeys_of_every_type(self):
        self.lines(stdin=b"RPUSH list 1 2 3\nSADD set 1 2\nHSET hash f 1 g 2 h 3 i 4\n"
                         b"ZADD zset 1 a\nXADD stream * f v\nSET string value\n")
        shown = self.cli("--bigkeys").decode()
        for kind, size in (("list", "3 items"), ("set", "2 members"), ("hash", "4 fields"),
                           ("zset", "1 members"), ("stream", "1 entries"), ("string", "5 bytes")):
            self.assertRegex(shown, f"Biggest +{kind} found '\"{kind}\"' has {size}\n")

    def test_memkeys(self):
        self.fill(100)
        self.cli("SETRANGE", "giant", "99999", "x")
        shown = self.cli("--memkeys").decode()
        self.assertIn("Biggest string found '\"giant\"' has 1", shown)
        self.assertIn("Sampled 101 keys in the keyspace!", shown)
        self.assertIn("101 strings with", shown)

    def test_hotkeys(self):
        self.fill(20)
        shown = self.cli("--hotkeys").decode()
        self.assertIn("Sampled 20 keys in the keyspace!", shown)

    def test_hotkeys_shows_the_hot_key_first(self):
        self.fill(20)
        self.cli("-r", "2000", "GET", "key:0007")
        shown = self.lines("--hotkeys")
        counters = [re.match(r"hot key found with counter: (\d+)\tkeyname: \"?(key:\d+)", line)
                    for line in shown]
        found = [(int(counter[1]), counter[2]) for counter in counters if counter]
        self.assertEqual(found[0][1], "key:0007", shown)
        self.assertGreater(found[0][0], found[1][0])

    def test_latency(self):
        shown = self.lines("--latency", "--raw", "-i", "1")
        low, high, average, samples = shown[0].split()
        self.assertLessEqual(float(low), float(average))
        self.assertLessEqual(float(average), float(high))
        self.assertGreater(int(samples), 10)

    def test_latency_history(self):
        shown = self.watch("--latency-history", "-i", "1",
                           until=lambda text: "seconds range" in text)
        self.assertIn("samples", shown)

    def test_stat(self):
        self.fill(50)
        shown = self.watch("--stat", until=lambda text: text.count("\n") >= 4)
        words = shown.splitlines()[2].split()
        self.assertEqual(words[0], "50", shown)  # keys
        self.assertEqual(words[2], "1", shown)   # clients

    def test_last_argument_from_standard_input(self):
        value = bytes(range(256)) * 40
        self.assertEqual(self.cli("-x", "SET", "binary", stdin=value), b"OK\n")
        self.assertEqual(self.cli("--raw", "GET", "binary"), value + b"\n")
        self.assertEqual(self.lines("-X", "tag", "SET", "other", "tag", stdin=b"piped"), ["OK"])
        self.assertEqual(self.lines("GET", "other"), ["piped"])

    def test_csv(self):
        self.cli("MSET", "a", '1,"2"', "b", "x")
        shown = self.cli("--csv", "MGET", "a", "none", "b").decode()
        self.assertEqual(shown, '"1,\\"2\\"",NULL,"x"\n')
        self.assertEqual(self.lines("--csv", "EXISTS", "a", "b", "a"), ["3"])

    def test_json(self):
        self.cli("SET", "a", "x")
        self.assertEqual(self.lines("-3", "--json", "MGET", "a", "b"), ['["x",null]'])
        self.assertEqual(self.lines("--json", "CONFIG", "GET", "hz"), ['{"hz":"10"}'])

    def test_help_comes_from_command_docs(self):
        before = self.calls("command|docs")
        shown = self.watch_prompt("help SET\r", "since:")
        self.assertGreater(self.calls("command|docs"), before)
        self.assertIn("SET key value [NX|XX|IFEQ comparison-value] [GET] [EX seconds|", shown)
        self.assertIn("summary:", shown)
        self.assertIn("since: 1.0.0", shown)
        self.assertIn("group: string", shown)
        self.assertIn("CLIENT KILL", self.watch_prompt("help CLIENT KILL\r", "since:"))
        self.assertIn("GETRANGE key start end", self.watch_prompt("help @string\r", "GETRANGE"))

    def calls(self, command):
        """How often the server has run a command."""
        for line in self.lines("INFO", "commandstats"):
            if line.startswith(f"cmdstat_{command}:"):
                return int(line.split("calls=")[1].split(",")[0])
        return 0

    def watch_prompt(self, typed, until):
        """What redis-cli shows on a terminal after this was typed at its prompt."""
        terminal, inner = pty.openpty()
        process = subprocess.Popen(["redis-cli", "-p", str(self.server.port)], stdin=inner,
                                   stdout=inner, stderr=inner,
                                   env={**os.environ, "TERM": "dumb", "HOME": self.server.folder})
        os.close(inner)
        os.write(terminal, typed.encode())
        text = ""
        deadline = time.monotonic() + TIMEOUT
        try:
            while until not in text or not text.endswith("> "):
                self.assertLess(time.monotonic(), deadline, text)
                if select.select([terminal], [], [], 0.2)[0]:
                    text += os.read(terminal, 1 << 16).decode(errors="replace")
        finally:
            process.terminate()
            process.wait(timeout=TIMEOUT)
            os.close(terminal)
        return re.sub(r"\x1b\[\d*m", "", text)

    def test_monitor(self):
        with subprocess.Popen(["redis-cli", "-p", str(self.server.port), "MONITOR"],
                              stdout=subprocess.PIPE, text=True) as monitor:
            try:
                self.assertEqual(monitor.stdout.readline(), "OK\n")
                self.cli("SET", "seen", 'with "quotes"')
                self.cli("-n", "2", "GET", "seen")
                self.cli("AUTH", "s3cret")
                shown = [monitor.stdout.readline() for _ in range(4)]
            finally:
                monitor.terminate()
        place = r"^\d+\.\d{6} \[%d 127\.0\.0\.1:\d+\] "
        self.assertRegex(shown[0], place % 0 + r'"SET" "seen" "with \\"quotes\\""$')
        self.assertRegex(shown[1], place % 2 + '"SELECT" "2"$')
        self.assertRegex(shown[2], place % 2 + '"GET" "seen"$')
        self.assertRegex(shown[3], place % 0 + r'"AUTH" "\(redacted\)"$')
        wait_until(lambda: "cmd=monitor" not in self.cli("CLIENT", "LIST").decode(),
                   "the monitor is gone")

    def listen(self, *words, count):
        """What it prints, so many lines, while something is published."""
        with subprocess.Popen(["redis-cli", "-p", str(self.server.port), *words],
                              stdout=subprocess.PIPE, text=True) as subscriber:
            try:
                lines = [subscriber.stdout.readline() for _ in range(3)]  # it has subscribed
                for message in ("one", 'a "second"'):
                    self.cli("PUBLISH", "news", message)
                lines += [subscriber.stdout.readline() for _ in range(count - 3)]
            finally:
                subscriber.terminate()
        return "".join(lines).splitlines()

    def test_channels_and_patterns(self):
        self.assertEqual(self.listen("SUBSCRIBE", "news", count=9), [
            "subscribe", "news", "1", "message", "news", "one", "message", "news", 'a "second"'])
        self.assertEqual(self.listen("PSUBSCRIBE", "n*", count=11), [
            "psubscribe", "n*", "1", "pmessage", "n*", "news", "one",
            "pmessage", "n*", "news", 'a "second"'])
        self.assertEqual(self.listen("-3", "SUBSCRIBE", "news", count=6)[3:],
                         ["message", "news", "one"])

    def test_a_script(self):
        path = self.server.path("script.lua")
        with open(path, "w") as script:
            script.write("redis.call('SET', KEYS[1], ARGV[1])\n"
                         "return {KEYS[1], redis.call('GET', KEYS[1]), #ARGV, {1, false}}\n")
        self.assertEqual(self.lines("--eval", path, "k", ",", "a value", "more"),
                         ["k", "a value", "2", "1", ""])
        self.assertEqual(self.lines("EVAL", "return ARGV[1] .. KEYS[1]", "1", "k", "v"), ["vk"])
        self.assertEqual(self.lines("EVAL", "return {err = 'ERR mine'}", "0"), ["ERR mine", ""])

    def test_a_transaction(self):
        script = b"MULTI\nSET k 1\nINCR k\nEXEC\nMULTI\nNONSENSE\nEXEC\nGET k\n"
        shown = self.lines(stdin=script)
        self.assertEqual(shown[:6], ["OK", "QUEUED", "QUEUED", "OK", "2", "OK"])
        self.assertIn("ERR unknown command 'NONSENSE'", shown[6])
        self.assertIn("EXECABORT Transaction discarded", "".join(shown[7:]))
        self.assertEqual(shown[-1], "2")

    def test_repeats_and_intervals(self):
        self.assertEqual(self.lines("-r", "3", "-i", "0.01", "INCR", "n"), ["1", "2", "3"])

    def test_password_and_user_by_url(self):
        self.assertIn("OK", self.lines("CONFIG", "SET", "requirepass", "s3cret"))
        try:
            self.assertIn("NOAUTH", self.lines("PING")[0])
            warn = "--no-auth-warning"
            self.assertEqual(self.lines(warn, "-a", "s3cret", "PING"), ["PONG"])
            url = f"redis://default:s3cret@127.0.0.1:{self.server.port}/0"
            self.assertEqual(self.lines(warn, "-u", url, "PING"), ["PONG"])
            self.assertEqual(self.lines(warn, "--user", "default", "--pass", "s3cret", "PING"),
                             ["PONG"])
        finally:
            self.cli("--no-auth-warning", "-a", "s3cret", "CONFIG", "SET", "requirepass", "")


if __name__ == "__main__":
    unittest.main()
