#!/usr/bin/python3
"""The server as a process: options, files, log, start, signals and an orderly end."""

import os
import re
import signal
import subprocess
import tempfile
import threading
import unittest

from strata import PROGRAM, TIMEOUT, Server, encode, wait_until

EXIT_CONFIG = 78


def invoke(*words):
    """Runs the program with options that let it end by itself."""
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=TIMEOUT,
                          check=False)


class CommandLine(unittest.TestCase):
    def test_version(self):
        for option in ("--version", "-v"):
            result = invoke(option)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertRegex(result.stdout, r"^Strata server v=\d+\.\d+\.\d+ redis=7\.4\.\d+\n$")

    def test_help(self):
        result = invoke("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--option value", result.stdout)

    def test_wrong_options(self):
        for words, reason in (
            (("--prot", "7000"), "'port'"),
            (("--maxmemory-polici", "noeviction"), "'maxmemory-policy'"),
            (("--maxmemory-policy", "allkeys-lur"), "'allkeys-lru'"),
            (("--port", "70000"), "port: "),
            (("--maxmemory", "lots"), "maxmemory: "),
            (("--port",), "port"),
            (("--appendonly", "yes"), "no append-only file"),
            (("/nowhere/strata.yaml",), "/nowhere/strata.yaml: cannot open"),
        ):
            with self.subTest(words):
                result = invoke(*words)
                self.assertEqual(result.returncode, EXIT_CONFIG, result)
                self.assertTrue(result.stderr.startswith("strata-server: "), result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertIn(reason, result.stderr)

    def test_port_in_use(self):
        server = Server()
        self.addCleanup(server.close)
        result = invoke("--port", str(server.port), "--bind", "127.0.0.1")
        self.assertEqual(result.returncode, 1)
        reason = f"cannot listen on 127.0.0.1 port {server.port}: Address already in use"
        self.assertEqual(result.stderr, f"strata-server: {reason}\n")


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="strata-integration-")
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def start(self, *options, **more):
        server = Server(*options, **more)
        self.addCleanup(server.close)
        return server

    def value(self, client, name):
        return client.run("CONFIG", "GET", name)[1].decode()

    def test_redis_conf(self):
        path = self.write("redis.conf", 'maxmemory 100mb\nmaxmemory-policy "allkeys-lru"\n'
                                        "# a comment\nsave 3600 1\ntimeout 7\ndaemonize no\n")
        server = self.start(config=path)
        with server.client() as client:
            self.assertEqual(self.value(client, "maxmemory"), str(100 << 20))
            self.assertEqual(self.value(client, "maxmemory-policy"), "allkeys-lru")
            self.assertEqual(self.value(client, "timeout"), "7")
            self.assertIn(f"config_file:{path}", client.run("INFO", "server").decode())
        self.assertIn("no snapshots are written yet", server.log())

    def test_yaml(self):
        path = self.write("strata.yaml", "memory:\n  maxmemory: 100mb\nclients:\n  timeout: 7\n")
        with self.start(config=path).client() as client:
            self.assertEqual(self.value(client, "maxmemory"), str(100 << 20))
            self.assertEqual(self.value(client, "timeout"), "7")

    def test_mistakes_are_told_with_their_line(self):
        for name, text, place, hint in (
            ("redis.conf", "port 7000\nmaxmemroy 1gb\n", "redis.conf:2", "'maxmemory'"),
            ("strata.yaml", "memory:\n  maxmemroy: 1gb\n", "strata.yaml:2", "maxmemory"),
            ("strata.yml", "clients:\n  timeout: soon\n", "strata.yml:2", "timeout"),
        ):
            with self.subTest(name):
                result = invoke(self.write(name, text))
                self.assertEqual(result.returncode, EXIT_CONFIG)
                self.assertIn(place, result.stderr)
                self.assertIn(hint, result.stderr)

    def test_rewritten_options_survive_a_restart(self):
        for name, text in (("redis.conf", "# mine\ntimeout 7\n"),
                           ("strata.yaml", "# mine\nclients:\n  timeout: 7\n")):
            with self.subTest(name):
                path = self.write(name, text)
                server = self.start(config=path)
                with server.client() as client:
                    for option, value in (("timeout", "9"), ("maxmemory", "123456789"),
                                          ("slowlog-max-len", "17")):
                        self.assertEqual(client.run("CONFIG", "SET", option, value), b"OK")
                    self.assertEqual(client.run("CONFIG", "REWRITE"), b"OK")
                with open(path) as file:
                    self.assertTrue(file.read().startswith("# mine\n"))
                server.stop()
                server.start()
                with server.client() as client:
                    self.assertEqual(self.value(client, "timeout"), "9")
                    self.assertEqual(self.value(client, "maxmemory"), "123456789")
                    self.assertEqual(self.value(client, "slowlog-max-len"), "17")

    def test_no_file_to_rewrite(self):
        with self.start().client() as client:
            self.assertEqual(str(client.run("CONFIG", "REWRITE")),
                             "ERR The server is running without a config file")

    def test_log_file(self):
        path = os.path.join(self.folder.name, "strata.log")
        server = self.start("--logfile", path, "--loglevel", "debug")
        with server.client() as client:
            client.run("PING")
        server.stop()
        with open(path) as file:
            text = file.read()
        self.assertIn("ready to accept connections", text)
        self.assertIn("client closed", text)
        self.assertIn("bye", text)
        self.assertEqual(server.log(), "")

    def test_pid_file(self):
        path = os.path.join(self.folder.name, "pid")
        server = self.start("--pidfile", path)
        with open(path) as file:
            self.assertEqual(file.read(), f"{server.pid}\n")
        server.stop()
        self.assertFalse(os.path.exists(path))


class Ending(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            client = self.server.client()
            client.run("PING")
            self.server.signal(number)
            self.assertEqual(self.server.wait(), 0)
            self.assertEqual(client.rest(), b"")
            self.assertIn(signal.Signals(number).name, self.server.log())
            client.close()
            self.server.start()

    def test_hangups_and_broken_pipes_do_not_end_it(self):
        self.server.signal(signal.SIGPIPE)
        with self.server.client() as client:
            self.assertEqual(client.run("PING"), b"PONG")

    def test_shutdown_command(self):
        for words in (("SHUTDOWN",), ("SHUTDOWN", "NOSAVE"), ("SHUTDOWN", "NOW", "FORCE")):
            with self.subTest(words), self.server.client() as client:
                client.send(encode(*words))
                self.assertEqual(client.rest(), b"")
                self.assertEqual(self.server.wait(), 0)
            self.server.start()
        with self.server.client() as client:
            self.assertEqual(str(client.run("SHUTDOWN", "PLEASE")), "ERR syntax error")
            self.assertRegex(str(client.run("SHUTDOWN", "ABORT")), "No shutdown in progress")

    def test_a_pipeline_under_way_is_answered_as_far_as_it_ran(self):
        client = self.server.client()
        requests = encode("INCR", "n") * 1000
        stop = threading.Event()

        def write():
            try:
                while not stop.is_set():
                    client.send(requests)
            except OSError:
                pass  # the server has closed

        writer = threading.Thread(target=write)
        writer.start()
        numbers = [client.reply() for _ in range(20_000)]
        self.server.signal()
        try:
            while True:
                numbers.append(client.reply())
        except (EOFError, ConnectionError):
            stop.set()
        writer.join()
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        client.close()

    def test_replies_that_wait_are_sent_before_the_end(self):
        with self.server.client() as client:
            client.run("SET", "big", b"x" * 1_000_000)
            client.send(encode("GET", "big") * 100)
            self.assertEqual(len(client.reply()), 1_000_000)  # so the others are in the queue
            self.server.signal()
            for _ in range(99):
                self.assertEqual(len(client.reply()), 1_000_000)
            self.assertEqual(client.rest(), b"")
        self.assertEqual(self.server.wait(), 0)

    def test_a_client_that_does_not_read_does_not_prevent_the_end(self):
        with self.server.client() as client:
            client.run("CONFIG", "SET", "shutdown-timeout", "1")
            client.run("SET", "big", b"x" * 1_000_000)
            client.send(encode("GET", "big") * 100)
            self.assertEqual(len(client.reply()), 1_000_000)
            self.server.signal()
            self.assertEqual(self.server.wait(), 0)
            self.assertIn("did not read their replies", self.server.log())

    def test_a_second_signal(self):
        with self.server.client() as client:
            client.run("SET", "big", b"x" * 1_000_000)
            for ends, (number, code) in enumerate([(signal.SIGTERM, 0), (signal.SIGINT, 1)], 1):
                with self.subTest(number), self.server.client() as reader:
                    reader.send(encode("GET", "big") * 100)
                    reader.reply()
                    self.server.signal()
                    wait_until(lambda: self.server.log().count("I stops: ") == ends, "it ends")
                    self.server.signal(number)
                    if code == 0:  # it goes on sending what waits
                        for _ in range(99):
                            self.assertEqual(len(reader.reply()), 1_000_000)
                    self.assertEqual(self.server.wait(), code)
                self.server.start()
                with self.server.client() as writer:
                    writer.run("SET", "big", b"x" * 1_000_000)

    def test_no_new_clients_while_it_ends(self):
        with self.server.client() as client:
            client.run("SET", "big", b"x" * 1_000_000)
            client.send(encode("GET", "big") * 100)
            client.reply()
            self.server.signal()
            wait_until(self.refuses, "new clients are refused")

    def refuses(self):
        try:
            self.server.client().close()
            return False
        except ConnectionError:
            return True

    def test_paused_clients_do_not_prevent_the_end(self):
        with self.server.client() as client, self.server.client() as other:
            other.run("CLIENT", "PAUSE", "600000")
            client.send(encode("SET", "k", "v"))
            self.server.signal()
            self.assertEqual(self.server.wait(), 0)
            self.assertEqual(client.rest(), b"")

    def test_settings_without_effect_are_logged(self):
        with self.server.client() as client:
            self.assertEqual(client.run("CONFIG", "SET", "save", "60 1"), b"OK")
            self.assertEqual(client.run("CONFIG", "SET", "save", ""), b"OK")
        warning = "CONFIG SET: save: no snapshots are written yet"
        wait_until(lambda: warning in self.server.log(), "the warning")
        self.assertEqual(self.server.log().count("CONFIG SET: save"), 1)

    def test_the_log_tells_the_story(self):
        self.server.stop()
        lines = [re.sub(r"^\S+ \S+ ", "", line) for line in self.server.log().splitlines()]
        self.assertEqual(lines[-4:], [
            "I ready to accept connections", "I received SIGTERM",
            "I stops: no new connections, replies under way are finished", "I bye"])


if __name__ == "__main__":
    unittest.main()
