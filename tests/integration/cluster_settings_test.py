"""Users, functions and options that are the same on all nodes of a cluster."""

import unittest

from cluster_nodes import ClusterTest
from strata import Client, ReplyError, encode, wait_until

LIBRARY = "#!lua name=lib\nredis.register_function{function_name='f', callback=function() return %d end, " \
          "flags={'no-writes'}}"


class Settings(ClusterTest):
    def setUp(self):
        super().setUp()
        self.first, self.second, self.third = self.make_cluster(3)

    def assert_everywhere(self, expected, *words):
        for node in self.nodes:
            wait_until(lambda node=node: node.run(*words) == expected, f"{words} says {expected}")

    def test_users(self):
        self.second.do("ACL", "SETUSER", "ann", "on", ">secret", "~a:*", "(~b:* +get)", "+set")
        line = next(line for line in self.second.do("ACL", "LIST") if line.startswith(b"user ann "))
        for node in self.nodes:
            wait_until(lambda node=node: line in node.do("ACL", "LIST"), "all know her")
            with node.client() as client:
                self.assertEqual(client.run("AUTH", "ann", "secret"), b"OK")
                self.assertEqual(client.run("SET", "a:1", "v"), b"OK")
        # Who is connected loses the rights wherever it is.
        with self.third.client() as client:
            client.run("AUTH", "ann", "secret")
            self.first.do("ACL", "SETUSER", "ann", "-set")
            wait_until(lambda: str(client.run("SET", "a:1", "v")).startswith("NOPERM"), "she may not")
        self.assertEqual(self.third.do("ACL", "DELUSER", "ann", "nobody"), 1)
        self.assert_everywhere(None, "ACL", "GETUSER", "ann")

    def test_the_password_of_the_default_user(self):
        self.first.do("CONFIG", "SET", "requirepass", "secret")
        for node in self.nodes:
            wait_until(lambda node=node: str(node.run("PING")).startswith("NOAUTH"), "all ask for it")
        with self.third.client() as client:
            self.assertEqual(client.run("AUTH", "secret"), b"OK")
            self.assertEqual(client.run("CONFIG", "SET", "requirepass", ""), b"OK")
        self.assert_everywhere(b"PONG", "PING")

    def test_functions(self):
        self.assertEqual(self.first.do("FUNCTION", "LOAD", LIBRARY % 1), b"lib")
        self.assert_everywhere(1, "FCALL_RO", "f", 0)
        self.second.do("FUNCTION", "LOAD", "REPLACE", LIBRARY % 2)
        self.assert_everywhere(2, "FCALL_RO", "f", 0)
        dump = self.third.do("FUNCTION", "DUMP")
        self.third.do("FUNCTION", "FLUSH")
        self.assert_everywhere([], "FUNCTION", "LIST")
        self.first.do("FUNCTION", "RESTORE", dump)
        self.assert_everywhere(2, "FCALL_RO", "f", 0)
        self.second.do("FUNCTION", "DELETE", "lib")
        self.assert_everywhere(ReplyError("ERR Function not found"), "FCALL_RO", "f", 0)
        # What is wrong is wrong here already.
        self.assertIsInstance(self.first.run("FUNCTION", "LOAD", "#!lua name=lib\nnonsense"), ReplyError)

    def test_options(self):
        self.third.do("CONFIG", "SET", "notify-keyspace-events", "KEA", "hz", "20")
        self.assert_everywhere([b"notify-keyspace-events", b"AKE"], "CONFIG", "GET", "notify-keyspace-events")
        self.assertEqual(self.first.do("CONFIG", "GET", "hz"), [b"hz", b"10"])
        self.first.do("CONFIG", "SET", "cluster-replicas", "2")
        wait_until(lambda: self.second.status()["copies-in-sync"] == 3 * 256, "each has all")

    def test_who_comes_later_has_them_too(self):
        self.first.do("ACL", "SETUSER", "ann", "on", "nopass")
        self.first.do("FUNCTION", "LOAD", LIBRARY % 3)
        self.first.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        late = self.add("--maxmemory-policy", "noeviction")
        late.join(self.second)
        self.second.crash()
        self.second.start()
        self.assert_everywhere(3, "FCALL_RO", "f", 0)
        self.assert_everywhere([b"maxmemory-policy", b"allkeys-lru"], "CONFIG", "GET", "maxmemory-policy")
        self.assert_everywhere([b"ann", b"default"], "ACL", "USERS")

    def test_in_a_transaction_nobody_waits(self):
        with self.first.client() as client:
            client.send(encode("MULTI") + encode("ACL", "SETUSER", "ann", "on") +
                        encode("CONFIG", "SET", "lfu-decay-time", 7) + encode("EXEC"))
            self.assertEqual([client.reply() for _ in range(4)],
                             [b"OK", b"QUEUED", b"QUEUED", [b"OK", b"OK"]])
        self.assert_everywhere([b"lfu-decay-time", b"7"], "CONFIG", "GET", "lfu-decay-time")
        self.assert_everywhere([b"ann", b"default"], "ACL", "USERS")

    def test_without_a_leader_it_is_done_here_only_and_said_so(self):
        self.second.crash()
        self.third.crash()
        wait_until(lambda: self.first.status()["leader"] == b"", "it knows of no leader")
        reply = self.first.run("ACL", "SETUSER", "ann", "on")
        self.assertIn("done on this node, but not on the others", str(reply))
        self.assertEqual(self.first.do("ACL", "USERS"), [b"ann", b"default"])


class Redirects(ClusterTest):
    def test_clients_of_the_redirect_port_change_them_too(self):
        first, second = self.make_cluster(2)
        with Client(first.redirect_port) as client:
            self.assertEqual(client.run("CONFIG", "SET", "lfu-log-factor", 11), b"OK")
        wait_until(lambda: second.do("CONFIG", "GET", "lfu-log-factor")[1] == b"11", "both have it")


if __name__ == "__main__":
    unittest.main()
