#!/usr/bin/python3
"""redis-cli --cluster makes a cluster, looks at it, and adds and removes nodes."""

import os
import re
import subprocess
import unittest

from strata import TIMEOUT, Client, ReplyError, Server, free_port, wait_until

SECRET = "a secret of sixteen bytes"
REDIRECT = 1000  # above the port, by default; that for peers is 10,000 above
COVERED = "[OK] All 16384 slots covered."
AGREED = "[OK] All nodes agree about slots configuration."


class Node(Server):
    """A node of no cluster, until it joins one."""

    def __init__(self, *options):
        super().__init__("--cluster-enabled", "yes", "--cluster-secret", SECRET, *options,
                         port=free_port(REDIRECT, 10000))

    @property
    def redirect_port(self):
        return self.port + REDIRECT

    @property
    def address(self):
        return f"127.0.0.1:{self.redirect_port}"

    def cli(self, *words):
        """A command's reply, to one of Redis Cluster's clients."""
        with Client(self.redirect_port) as client:
            return client.run(*words)

    def name(self):
        return self.cli("CLUSTER", "MYID").decode()

    def lines(self):
        """CLUSTER NODES: by name the words of its line."""
        lines = self.cli("CLUSTER", "NODES").decode().splitlines()
        return {words[0]: words[1:] for words in map(str.split, lines)}

    def info(self):
        text = self.cli("CLUSTER", "INFO").decode()
        return dict(line.split(":", 1) for line in text.splitlines())


def cluster(*words):
    """redis-cli --cluster: its exit code, and what it printed."""
    result = subprocess.run(["redis-cli", "--cluster", *map(str, words)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT,
                            check=False, env={**os.environ, "TERM": "dumb"})
    return result.returncode, re.sub(r"\x1b\[[0-9;]*m", "", result.stdout.decode())


class RedisCliCluster(unittest.TestCase):
    def setUp(self):
        self.nodes = []
        self.addCleanup(lambda: [node.close() for node in self.nodes])

    def start(self, count):
        started = [Node() for _ in range(count)]
        self.nodes += started
        return started

    def create(self, nodes):
        code, text = cluster("create", *(node.address for node in nodes), "--cluster-yes")
        self.assertEqual(code, 0, text)
        self.assertIn(COVERED, text)
        self.assertIn(AGREED, text)

    def assert_well(self, *nodes):
        """All of them, and nobody else, are members, and know it."""
        names = {node.name() for node in nodes}
        for node in nodes:
            wait_until(lambda node=node: set(node.lines()) == names, "all are members")
            wait_until(lambda node=node: node.info()["cluster_state"] == "ok", "all is well")

    def test_nodes_become_a_cluster(self):
        nodes = self.start(3)
        self.create(nodes)
        self.assert_well(*nodes)
        code, text = cluster("info", nodes[1].address)
        self.assertEqual(code, 0, text)
        self.assertIn("[OK] 0 keys in 3 masters.", text)
        code, text = cluster("check", nodes[2].address)
        self.assertEqual(code, 0, text)
        self.assertIn(COVERED, text)
        self.assertIn(AGREED, text)
        code, text = cluster("call", nodes[0].address, "PING")
        self.assertEqual(text.count(": PONG\n"), 3, text)

    def test_a_node_comes_and_goes(self):
        nodes = self.start(3)
        self.create(nodes)
        other, = self.start(1)
        code, text = cluster("add-node", other.address, nodes[0].address)
        self.assertEqual(code, 0, text)
        self.assertIn("[OK] New node added correctly.", text)
        self.assert_well(*nodes, other)
        name = other.name()
        code, text = cluster("del-node", nodes[0].address, name)
        self.assertEqual(code, 0, text)
        self.assert_well(*nodes)
        self.assertEqual(list(other.lines().values())[0][1], "myself,master")
        self.assertNotEqual(other.name(), name)
        # It may come again, as the new node that it is now.
        code, text = cluster("add-node", other.address, nodes[1].address)
        self.assertEqual(code, 0, text)
        self.assert_well(*nodes, other)

    def test_what_would_place_slots_is_refused_with_a_word(self):
        nodes = self.start(3)
        self.create(nodes)
        self.assert_well(*nodes)
        code, text = cluster("reshard", nodes[0].address, "--cluster-from", nodes[0].name(),
                             "--cluster-to", nodes[1].name(), "--cluster-slots", 1,
                             "--cluster-yes")
        self.assertNotEqual(code, 0)
        self.assertIn("placement belongs to the cluster", text)
        self.assertIn("CACHE.CLUSTER", text)

    def test_only_the_redirect_port_is_that_of_a_cluster(self):
        node, = self.start(1)
        self.assertIn(b"cluster_enabled:1", node.cli("INFO", "cluster"))
        self.assertIn(b"cluster", node.cli("HELLO", "2"))
        with node.client() as client:
            self.assertIn(b"cluster_enabled:0", client.run("INFO", "cluster"))
            self.assertIn(b"standalone", client.run("HELLO", "2"))
            self.assertEqual(client.run("CLUSTER", "MYID").decode(), node.name())

    def test_errors_tell_what_to_do(self):
        node, other, _ = nodes = self.start(3)
        reply = node.cli("CLUSTER", "MEET", "127.0.0.1", free_port())
        self.assertIsInstance(reply, ReplyError)
        self.assertIn("port", str(reply))
        self.create(nodes)
        self.assert_well(*nodes)
        self.assertIn("LEAVE", str(node.cli("CLUSTER", "RESET")))
        self.assertIn("can't forget myself", str(node.cli("CLUSTER", "FORGET", node.name())))
        self.assertEqual(str(node.cli("CLUSTER", "FORGET", "0" * 40)),
                         "ERR Unknown node " + "0" * 40)
        self.assertEqual(node.cli("CLUSTER", "MEET", "127.0.0.1", other.redirect_port), b"OK")


if __name__ == "__main__":
    unittest.main()
