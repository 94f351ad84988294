#!/usr/bin/python3
"""Scripts that take long or too much, over real sockets and between two I/O threads."""

import hashlib
import select
import shutil
import time
import unittest

from strata import ReplyError, Server, ServerTest, encode, wait_until

BUSY = ReplyError("BUSY Redis is busy running a script. You can only call SCRIPT KILL or "
                  "SHUTDOWN NOSAVE.")
BUSY_FUNCTION = ReplyError("BUSY Redis is busy running a script. You can only call FUNCTION KILL or "
                           "SHUTDOWN NOSAVE.")
UNKILLABLE = "UNKILLABLE Sorry the script already executed write commands against the dataset."
LOOP = "while true do end"
LIBRARY = f"""#!lua name=lib
redis.register_function('loop', function() {LOOP} end)
redis.register_function('write', function(keys) redis.call('SET', keys[1], 1) {LOOP} end)"""


def killed(name, place="user_script:1"):
    return ReplyError(f"ERR Script killed by user with SCRIPT KILL... script: {name}, on @{place}.")


def sha(script):
    return hashlib.sha1(script.encode()).hexdigest()


def has_replies(clients):
    sockets = [client.socket for client in clients]
    return len(select.select(sockets, [], [], 0.01)[0]) == len(sockets)


class BusyScripts(ServerTest):
    OPTIONS = ("--io-threads", "2", "--busy-reply-threshold", "50")

    def connect(self):
        client = self.server.client()
        self.addCleanup(client.close)
        return client

    def setUp(self):
        super().setUp()
        self.clients = [self.connect() for _ in range(4)]  # two on each thread

    def start(self, *command, busy=BUSY):
        """A client whose command runs, and has begun to be in the way of others."""
        client = self.connect()
        client.send(encode(*command))
        for other in self.clients:
            wait_until(lambda other=other: other.run("GET", "k") == busy, "the script is busy")
        return client

    def wait_until_idle(self):
        for client in self.clients:
            wait_until(lambda client=client: client.run("PING") == b"PONG", "all is quiet again")

    def test_a_script_is_killed_from_any_thread(self):
        for killer in self.clients:
            for keys in ((0,), (1, "k")):
                script = self.start("EVAL", LOOP, *keys)
                self.assertEqual(killer.run("FUNCTION", "KILL"), BUSY)
                self.assertEqual(killer.run("FUNCTION", "STATS"), BUSY)
                self.assertEqual(killer.run("SCRIPT", "KILL"), b"OK")
                self.assertEqual(script.reply(), killed(sha(LOOP)))
                self.wait_until_idle()
                self.assertEqual(script.run("PING"), b"PONG")
        self.assertEqual(self.clients[0].run("SCRIPT", "KILL"),
                         ReplyError("NOTBUSY No scripts in execution right now."))

    def test_a_script_that_catches_errors_is_killed_too(self):
        loop = "while true do\npcall(function()\nwhile true do end\nend)\nend"
        script = self.start("EVAL", loop, 0)
        self.assertEqual(self.clients[0].run("SCRIPT", "KILL"), b"OK")
        self.assertIn("Script killed by user", str(script.reply()))
        self.wait_until_idle()

    def test_a_script_that_loops_where_it_handles_errors_is_killed_too(self):
        loop = f"while true do xpcall(function() {LOOP} end, function() {LOOP} end) end"
        script = self.start("EVAL", loop, 0)
        self.assertEqual(self.clients[0].run("SCRIPT", "KILL"), b"OK")
        self.assertEqual(script.reply(), killed(sha(loop)))
        self.wait_until_idle()

    def test_the_server_ends_beside_a_busy_script_only_without_saving(self):
        script = self.start("EVAL", LOOP, 0)
        for words in ((), ("SAVE",), ("NOW",), ("FORCE",)):
            self.assertEqual(self.clients[0].run("SHUTDOWN", *words), BUSY)
        self.assertEqual(self.clients[0].run("SHUTDOWN", "ABORT"),
                         ReplyError("ERR No shutdown in progress."))
        self.assertEqual(self.clients[0].run("SHUTDOWN", "SAVE", "NOSAVE"),
                         ReplyError("ERR syntax error"))
        self.assertEqual(self.clients[0].run("SCRIPT", "KILL"), b"OK")
        script.reply()
        self.wait_until_idle()

    def test_a_function_is_killed_and_told_of(self):
        admin = self.clients[0]
        admin.run("FUNCTION", "LOAD", "REPLACE", LIBRARY)
        script = self.start("FCALL", "loop", 1, "k", "x", busy=BUSY_FUNCTION)
        self.assertEqual(admin.run("SCRIPT", "KILL"), BUSY_FUNCTION)
        stats = admin.run("FUNCTION", "STATS")
        self.assertEqual(stats[1][:4], [b"name", b"loop", b"command",
                                        [b"FCALL", b"loop", b"1", b"k", b"x"]])
        self.assertGreaterEqual(stats[1][5], 50)
        self.assertEqual(stats[3], [b"LUA", [b"libraries_count", 1, b"functions_count", 2]])
        self.assertEqual(admin.run("FUNCTION", "KILL"), b"OK")
        self.assertEqual(script.reply(), killed("loop", "user_function:2"))
        self.wait_until_idle()
        self.assertIsNone(admin.run("FUNCTION", "STATS")[1])

    def test_a_transaction_meets_a_busy_script(self):
        client = self.clients[0]
        script = self.start("EVAL", LOOP, 0)
        self.assertEqual(client.run("MULTI"), b"OK")
        self.assertEqual(client.run("GET", "k"), BUSY)
        self.assertTrue(str(client.run("EXEC")).startswith("EXECABORT"))
        self.assertEqual(self.clients[1].run("SCRIPT", "KILL"), b"OK")
        script.reply()
        self.wait_until_idle()

    def test_a_busy_script_behind_many_who_were_served(self):
        waiting = [self.connect() for _ in range(60)]
        for client in waiting:
            client.send(encode("BLPOP", "k", 0))
        wait_until(lambda: b"blocked_clients:60" in self.clients[0].run("INFO", "clients"),
                   "they wait")
        # All in one batch, so that the thread has yet to tell those it served when the script runs.
        script = self.connect()
        script.send(encode("RPUSH", "k", *range(60)) + encode("EVAL", LOOP, 0))
        for other in self.clients:
            wait_until(lambda other=other: other.run("GET", "k") == BUSY, "the script is busy")
        self.assertEqual(self.clients[0].run("SCRIPT", "KILL"), b"OK")
        self.assertEqual(script.reply(), 60)
        self.assertEqual(script.reply(), killed(sha(LOOP)))
        self.wait_until_idle()
        self.assertEqual({int(client.reply()[1]) for client in waiting}, set(range(60)))

    def test_who_waits_for_the_world_is_told_that_a_script_keeps_it(self):
        undeclared = "redis.call('GET', 'u')"  # so it needs the world
        slow = ("local function ms() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end "
                "local start = ms() while ms() < start + 30 do end")
        first, second = self.clients[:2]  # on two threads
        first.run("EVAL", undeclared, 0)
        loop = f"{undeclared} {LOOP}"
        for command in (("FLUSHALL",), ("CONFIG", "SET", "maxclients", 100), ("EVAL", undeclared, 0)):
            for _ in range(3):
                # While the first is slow, the second asks for the world; then the first does too.
                first.send(encode("EVAL", slow, 1, "k") + encode(*command))
                time.sleep(0.01)
                second.send(encode("EVAL", loop, 0))
                for _ in ("slow", command):
                    self.assertIn(first.reply(), (b"OK", None, BUSY))
                wait_until(lambda: first.run("SCRIPT", "KILL") == b"OK", "there is one to kill")
                self.assertEqual(second.reply(), killed(sha(loop)))
                self.wait_until_idle()

    def test_of_two_that_loop_the_second_to_need_the_world_is_turned_away(self):
        undeclared = "while true do redis.call('GET', 'u') end"
        catching = f"pcall(function()\n{LOOP}\nend)\nredis.call('SET', 'a', 1)"
        turned_away = 0
        for texts in ((LOOP, LOOP), (LOOP, undeclared), (catching, catching)):
            for _ in range(3):
                scripts = self.clients[:2]  # on two threads
                for text, client, key in zip(texts, scripts, "ab"):
                    client.send(encode("EVAL", text, 1, key))
                killer = self.connect()  # on the first's thread or the second's
                wait_until(lambda: killer.run("GET", "k") == BUSY, "one is busy")
                # Until both have ended: one may have begun only when the other was killed.
                wait_until(lambda: killer.run("SCRIPT", "KILL") and has_replies(scripts), "they end")
                ends = [str(client.reply()) for client in scripts]
                self.assertTrue(any("killed by user" in end for end in ends), ends)
                turned_away += sum(end.startswith("BUSY") for end in ends)
                self.wait_until_idle()
        self.assertGreater(turned_away, 0)

    def test_one_that_has_written_waits_for_another_and_makes_nobody_wait(self):
        slow = ("redis.call('SET', KEYS[1], 'written') for i = 1, 5e7 do end "
                "return redis.call('GET', KEYS[1])")
        scripts, others = self.clients[:2], self.clients[2:]  # both on two threads
        for _ in range(20):  # until the one that loops is the first to be slow
            scripts[0].send(encode("EVAL", LOOP, 0))
            time.sleep(0.02)
            scripts[1].send(encode("EVAL", slow, 1, "k"))
            for other in others * 2:
                wait_until(lambda other=other: other.run("GET", "k") == BUSY or
                           has_replies(scripts), "one is busy")
            wait_until(lambda: others[0].run("SCRIPT", "KILL") and has_replies(scripts), "they end")
            ends = [script.reply() for script in scripts]
            self.wait_until_idle()
            if ends == [killed(sha(LOOP)), b"written"]:
                break
        self.assertEqual(ends, [killed(sha(LOOP)), b"written"])

    def test_the_client_of_a_busy_script_may_go_away(self):
        script = self.start("EVAL", LOOP, 0)
        script.close()
        self.assertEqual(self.clients[0].run("PING"), BUSY)
        self.assertEqual(self.clients[0].run("SCRIPT", "KILL"), b"OK")
        self.wait_until_idle()

    def test_a_script_that_was_slow_and_ends_by_itself_answers(self):
        script = ("local n = 0 "
                  "for i = 1, 3e7 do n = n + 1 end return n")
        client = self.connect()
        client.send(encode("EVAL", script, 0))
        self.assertEqual(client.reply(), 30000000)
        self.wait_until_idle()


class OneRound(ServerTest):
    """The clients whose requests have come while the only thread was asleep run in one round."""
    OPTIONS = ("--io-threads", "1", "--busy-reply-threshold", "50", "--enable-debug-command", "local")

    def test_who_is_in_one_round_with_a_busy_script_is_served(self):
        names = "sleeper before script behind halved long killer".split()
        clients = {name: self.server.client() for name in names}
        for client in clients.values():
            self.addCleanup(client.close)
            client.run("PING")
        clients["sleeper"].send(encode("DEBUG", "SLEEP", 0.3))
        time.sleep(0.1)
        whole = encode("GET", "k")
        for name, requests in (("before", encode("ECHO", "x")), ("script", encode("EVAL", LOOP, 0)),
                               ("behind", encode("GET", "k")), ("halved", encode("STRLEN", "key") + whole[:9]),
                               ("long", whole * 500)):
            clients[name].send(requests)
            time.sleep(0.01)  # sockets are ready in this order
        # While the script runs.
        self.assertEqual(clients["before"].reply(), b"x")
        self.assertEqual(clients["behind"].reply(), BUSY)
        self.assertEqual(clients["halved"].reply(), BUSY)
        self.assertEqual([clients["long"].reply() for _ in range(500)], [BUSY] * 500)
        clients["halved"].send(whole[9:])
        self.assertEqual(clients["halved"].reply(), BUSY)
        self.assertEqual(clients["killer"].run("SCRIPT", "KILL"), b"OK")
        self.assertEqual(clients["script"].reply(), killed(sha(LOOP)))
        for name in names[1:]:
            self.assertEqual(clients[name].run("ECHO", name), name.encode())

    def test_a_kill_in_the_same_round_is_heard(self):
        with self.server.client() as sleeper, self.server.client() as script, \
                self.server.client() as killer:
            for client in (sleeper, script, killer):
                client.run("PING")
            sleeper.send(encode("DEBUG", "SLEEP", 0.3))
            time.sleep(0.1)
            script.send(encode("EVAL", LOOP, 0) + encode("ECHO", "next"))
            time.sleep(0.01)
            killer.send(encode("SCRIPT", "KILL") + encode("ECHO", "x"))
            self.assertEqual(killer.reply(), b"OK")
            self.assertEqual(killer.reply(), BUSY)  # it ends when it is looked at next
            self.assertEqual(script.reply(), killed(sha(LOOP)))
            self.assertEqual(script.reply(), b"next")


class UnkillableScripts(unittest.TestCase):
    def run_with(self, *command, kill):
        """A server that ends while a script runs which has written."""
        server = Server("--io-threads", "2", "--busy-reply-threshold", "50")
        self.addCleanup(server.close)
        with server.client() as script, server.client() as admin:
            admin.run("FUNCTION", "LOAD", LIBRARY)
            script.send(encode(*command))
            wait_until(lambda: str(admin.run(*kill)).startswith(UNKILLABLE), "the script has written")
            admin.send(encode("SHUTDOWN", "NOSAVE"))
            self.assertEqual(server.wait(), 0)

    def test_a_script_that_has_written_ends_with_the_server(self):
        self.run_with("EVAL", "redis.call('SET', 'k', 1) " + LOOP, 0, kill=("SCRIPT", "KILL"))

    def test_a_function_that_has_written_ends_with_the_server(self):
        self.run_with("FCALL", "write", 1, "k", kill=("FUNCTION", "KILL"))


class EndlessScripts(unittest.TestCase):
    """The matcher of patterns is C, which nothing interrupts."""
    ENDLESS = "return ('a'):rep(200):find(('a*'):rep(60) .. 'b')"

    def end_beside_it(self, scripts, end):
        server = Server("--io-threads", "2", "--shutdown-timeout", "0")
        self.addCleanup(shutil.rmtree, server.folder)
        self.addCleanup(server.process.kill)
        clients = [server.client() for _ in range(3)]
        for client in clients:
            self.addCleanup(client.close)
        admin, *others = clients  # on the first thread; on both
        for client in others[:scripts]:
            client.send(encode("EVAL", self.ENDLESS, 0))
        wait_until(lambda: server.cpu_seconds() > 0.3, "they run")
        end(server, admin)
        self.assertEqual(server.wait(), 1)
        self.assertIn("does not end", server.log())

    def test_a_signal_ends_the_server(self):
        self.end_beside_it(1, lambda server, _: server.signal())
        self.end_beside_it(2, lambda server, _: server.signal())

    def test_a_command_ends_the_server(self):
        self.end_beside_it(1, lambda _, admin: admin.send(encode("SHUTDOWN", "NOSAVE")))


class GreedyScripts(ServerTest):
    OPTIONS = ("--io-threads", "2", "--script-memory-limit", "16mb")

    SCRIPTS = (
        "local t = {} while true do t[#t + 1] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "return string.rep('x', 1e9)",
        "local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(1000) .. i end",
        "local function f() return 1 + f() end return f()",
        "local function f() return pcall(f) end return f()",
        "local t = {} for i = 1, 50 do t = {t, t} end return cjson.encode(t)",
        "local t = {} for i = 1, 50 do t = {t, t, t, t} end return cmsgpack.pack(t)",
        "return cjson.decode(('['):rep(1e6))",
        "return cmsgpack.unpack(('\\145'):rep(1e6))",
        "return ('x'):rep(1e6):find(('x?'):rep(1e6))",
        "return loadstring(('('):rep(1e5))",
        "return loadstring('return ' .. ('{'):rep(1e5))",
        "return unpack({}, 1, 1e8)",
        "return redis.call('SET', 'k', ('x'):rep(1e8))",
        "local co = function() end for i = 1, 1e5 do local f = co "
        "co = coroutine.wrap(function() f() end) end co()",
        "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]",
        "return table.concat({('x'):rep(1e7), ('x'):rep(1e7)})",
        "return struct.pack(('d'):rep(1e6), unpack({}))",
    )

    def test_they_end_and_the_server_lives_on(self):
        with self.server.client() as client:
            for script in self.SCRIPTS * 2:
                client.run("EVAL", script, 0)
                self.assertEqual(client.run("EVAL", "return #('x'):rep(1000)", 0), 1000, script)
            self.assertLess(self.server.resident_bytes(), 400 << 20)


if __name__ == "__main__":
    unittest.main()
