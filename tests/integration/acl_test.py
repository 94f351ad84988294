#!/usr/bin/python3
"""The ACL of a server that starts and stops: its file, its configuration, and who is connected."""

import hashlib
import os
import subprocess
import threading
import time
import unittest

from strata import PROGRAM, TIMEOUT, ReplyError, Server, wait_until

DEFAULT = "user default on nopass sanitize-payload ~* &* +@all"
ALICE = "user alice on sanitize-payload #" + hashlib.sha256(b"wonderland").hexdigest()


def denied(user, command):
    return ReplyError(f"NOPERM User {user} has no permissions to run the '{command}' command")


class AclFile(unittest.TestCase):
    def setUp(self):
        self.server = None
        self.addCleanup(lambda: self.server and self.server.close())

    def start(self, text):
        """A server whose ACL file holds this text."""
        self.server = Server()
        self.server.stop()
        self.write(text)
        self.server.options += ["--aclfile", "users.acl"]
        self.server.start()

    def write(self, text):
        with open(self.server.path("users.acl"), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self):
        with open(self.server.path("users.acl"), encoding="utf-8") as file:
            return file.read()

    def test_users_are_loaded_saved_and_there_again_after_a_restart(self):
        self.start("user alice on >wonderland ~a:* +get +set\n")
        with self.server.client() as client:
            self.assertEqual(client.run("AUTH", "alice", "wonderland"), b"OK")
            self.assertEqual(client.run("SET", "a:1", "v"), b"OK")
            self.assertEqual(client.run("DEL", "a:1"), denied("alice", "del"))
        with self.server.client() as admin:
            self.assertEqual(admin.run("ACL", "SETUSER", "bob", "on", ">b", "+@read",
                                       "(~b:*", "+set)"), b"OK")
            self.assertEqual(admin.run("ACL", "SAVE"), b"OK")
        saved = self.read()
        self.assertIn("user bob on sanitize-payload #", saved)
        self.assertNotIn("wonderland", saved)
        self.server.stop()
        self.server.start()
        with self.server.client() as admin:
            users = admin.run("ACL", "LIST")
            self.assertEqual([line.decode() for line in users], saved.splitlines())
            self.assertEqual(admin.run("AUTH", "bob", "b"), b"OK")

    def test_a_file_is_loaded_as_a_whole_or_not_at_all(self):
        self.start("user alice on >wonderland +@all ~*\n")
        with self.server.client() as admin, self.server.client() as alice:
            self.assertEqual(alice.run("AUTH", "alice", "wonderland"), b"OK")
            before = admin.run("ACL", "LIST")
            self.write("user bob on\nuser alice on +nosuch\nuser carol (\n")
            self.assertEqual(admin.run("ACL", "LOAD").args[0], (
                "ERR users.acl:2: Error in applying operation '+nosuch': Unknown command or "
                "category name in ACL. users.acl:3: Unmatched parenthesis in selector definition."
                "WARNING: ACL errors detected, no change to the previously active ACL rules was "
                "performed"))
            self.assertEqual(admin.run("ACL", "LIST"), before)
            self.assertEqual(alice.run("PING"), b"PONG")
            os.remove(self.server.path("users.acl"))
            self.assertIn("opening file 'users.acl': No such file", admin.run("ACL", "LOAD").args[0])

            # Who is still there stays connected, with new rights; who is not goes.
            self.write("user alice on >other +ping\n")
            self.assertEqual(admin.run("ACL", "SETUSER", "dave", "on", "nopass", "+@all"), b"OK")
            with self.server.client() as dave:
                self.assertEqual(dave.run("AUTH", "dave", ""), b"OK")
                self.assertEqual(admin.run("ACL", "LOAD"), b"OK")
                self.assertEqual(dave.rest(), b"")
            self.assertEqual(alice.run("PING"), b"PONG")
            self.assertEqual(alice.run("GET", "x"), denied("alice", "get"))
            self.assertEqual(admin.run("ACL", "USERS"), [b"alice", b"default"])

    def test_a_wrong_file_is_no_start(self):
        self.start("")
        self.server.stop()
        self.write("user alice on\nnonsense\n")
        result = subprocess.run([PROGRAM, *self.server.options], cwd=self.server.folder,
                                capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("users.acl:2 should start with user keyword", result.stderr)

    def test_saving_keeps_the_old_file_if_it_fails(self):
        self.start("user alice on\n")
        os.chmod(self.server.path("users.acl"), 0o600)
        with self.server.client() as admin:
            self.assertEqual(admin.run("ACL", "SAVE"), b"OK")
            self.assertEqual(os.stat(self.server.path("users.acl")).st_mode & 0o777, 0o600)
            self.assertEqual(sorted(os.listdir(self.server.folder)), ["log", "users.acl"])
            os.remove(self.server.path("users.acl"))
            os.mkdir(self.server.path("users.acl"))
            self.assertEqual(admin.run("ACL", "SAVE").args[0], (
                "ERR There was an error trying to save the ACLs. Please check the server logs for "
                "more information"))
        self.assertIn("ACL SAVE: ", self.server.log())


class Configuration(unittest.TestCase):
    CONFIGS = {
        "redis.conf": "user alice on >wonderland ~x +get\nhz 20\n",
        "strata.yaml": "security:\n  users:\n    - alice on >wonderland ~x +get\n",
    }

    def run_with(self, name, test):
        server = Server()
        try:
            server.stop()
            server.config = server.path(name)
            with open(server.config, "w", encoding="utf-8") as file:
                file.write(self.CONFIGS[name])
            server.start()
            test(server)
        finally:
            server.close()

    def test_users_of_a_configuration_change_and_are_rewritten(self):
        def test(server):
            with server.client() as admin:
                self.assertEqual(admin.run("ACL", "LIST"), [
                    f"{ALICE} ~x resetchannels -@all +get".encode(), DEFAULT.encode()])
                self.assertEqual(admin.run("CONFIG", "GET", "user*"), [])
                self.assertEqual(admin.run("ACL", "SETUSER", "alice", "+set", "(~y", "+del)"), b"OK")
                self.assertEqual(admin.run("ACL", "SETUSER", "bob", ">b"), b"OK")
                self.assertEqual(admin.run("CONFIG", "REWRITE"), b"OK")
                before = admin.run("ACL", "LIST")
            server.stop()
            server.start()
            with server.client() as admin:
                self.assertEqual(admin.run("ACL", "LIST"), before)
                self.assertEqual(admin.run("ACL", "SAVE").args[0][:44],
                                 "ERR This Redis instance is not configured to")

        for name in self.CONFIGS:
            with self.subTest(name):
                self.run_with(name, test)

    def test_wrong_users_are_no_start(self):
        result = subprocess.run([PROGRAM, "--port", "0", "--user", "alice", "on", "+nosuch"],
                                capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("user 'alice': rule 2: Unknown command or category name", result.stderr)


class Connected(unittest.TestCase):
    def setUp(self):
        self.server = Server("--io-threads", "2")
        self.addCleanup(self.server.close)

    def test_connections_of_a_deleted_user_end(self):
        with self.server.client() as admin:
            self.assertEqual(admin.run("ACL", "SETUSER", "eve", "on", "nopass", "+@all", "~*"), b"OK")
            clients = [self.server.client() for _ in range(6)]
            for client in clients:
                self.assertEqual(client.run("AUTH", "eve", "x"), b"OK")
            clients[0].send(b"*3\r\n$5\r\nBLPOP\r\n$1\r\nk\r\n$1\r\n0\r\n")
            wait_until(lambda: b"blocked_clients:1" in admin.run("INFO", "clients"), "it waits")
            self.assertEqual(clients[1].run("ACL", "DELUSER", "eve"), 1)  # its own reply comes
            for client in clients:
                self.assertEqual(client.rest(), b"")
                client.close()
            self.assertEqual(admin.run("PING"), b"PONG")

    def test_users_change_while_their_clients_run(self):
        stop = threading.Event()
        wrong = []

        def work():
            while not stop.is_set():
                try:
                    with self.server.client() as client:
                        client.run("AUTH", "w", "x")
                        for _ in range(50):
                            reply = client.run("GET", "k")
                            if reply not in (None, denied("w", "get")):
                                wrong.append(reply)
                except (EOFError, ConnectionError):
                    pass

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        deadline = time.monotonic() + 2
        with self.server.client() as admin:
            while time.monotonic() < deadline:
                admin.run("ACL", "SETUSER", "w", "on", "nopass", "~k", "+get")
                admin.run("ACL", "SETUSER", "w", "-get")
                admin.run("ACL", "LIST")
                admin.run("ACL", "LOG", "100")
                admin.run("ACL", "DELUSER", "w")
        stop.set()
        for worker in workers:
            worker.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
