"""What the tests of clusters share: servers that are nodes, real processes on the loopback."""

import shutil
import signal
import unittest

from strata import ReplyError, Server, free_port, wait_until

SECRET = "the secret of the tests' clusters"


def pairs(reply):
    """A map, as RESP2 has it."""
    return dict(zip((key.decode() for key in reply[::2]), reply[1::2]))


class Node(Server):
    """A server that may become a node of a cluster. Options are words of its command line."""

    def __init__(self, *options, secret=SECRET):
        self.peer_port = free_port()
        self.redirect_port = free_port()
        trust = ["--cluster-secret", secret] if secret is not None else []
        super().__init__("--cluster-enabled", "yes", *trust,
                         "--cluster-port", str(self.peer_port),
                         "--cluster-redirect-port", str(self.redirect_port), *options)

    def run(self, *words):
        with self.client() as client:
            return client.run(*words)

    def do(self, *words):
        """A command that must be done."""
        reply = self.run(*words)
        if isinstance(reply, ReplyError):
            raise AssertionError(f"{words}: {reply}")
        return reply

    def status(self):
        return pairs(self.do("CACHE.CLUSTER", "STATUS"))

    def nodes(self):
        """Of its map, by name."""
        return {node["name"].decode(): node
                for node in map(pairs, self.do("CACHE.CLUSTER", "NODES"))}

    @property
    def name(self):
        return self.status()["self"].decode()

    def join(self, other):
        self.do("CACHE.CLUSTER", "JOIN", "127.0.0.1", other.peer_port)

    def crash(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() == -signal.SIGKILL:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            super().close()


class ClusterTest(unittest.TestCase):
    """Nodes that are ended with each test."""

    def setUp(self):
        self.nodes = []
        self.addCleanup(self.close_all)

    def close_all(self):
        failures = []
        for node in self.nodes:
            try:
                node.close()
            except AssertionError as failure:
                failures.append(str(failure))
        self.assertEqual(failures, [])

    def add(self, *options, **how):
        node = Node(*options, **how)
        self.nodes.append(node)
        return node

    def make_cluster(self, count, zones=()):
        """So many nodes, in turn in those zones."""
        for i in range(count):
            zone = ["--availability-zone", zones[i % len(zones)]] if zones else []
            node = self.add(*zone)
            if i == 0:
                node.do("CACHE.CLUSTER", "INIT")
            else:
                node.join(self.nodes[0])
        self.wait_until_settled(self.nodes)
        return list(self.nodes)

    def wait_until_settled(self, nodes):
        """They agree that they are all, run, and have all that they are to have."""
        wait_until(lambda: self.is_settled(nodes), "the cluster has settled")

    def is_settled(self, nodes):
        maps = [{name: [node[field] for field in ("state", "primaries", "copies", "incarnation")]
                 for name, node in member.nodes().items()} for member in nodes]
        statuses = [member.status() for member in nodes]
        return (all(other == maps[0] for other in maps)
                and len(maps[0]) == len(nodes)
                and all(node[0] == b"up" and node[2] > 0 for node in maps[0].values())
                and all(status["copies-under-way"] == 0 and status["partitions-without-primary"] == 0
                        and status["copies-in-sync"] == status["partitions"] * min(2, len(nodes))
                        for status in statuses)
                and len({tuple(status["voters"]) for status in statuses}) == 1
                and len(statuses[0]["voters"]) == {1: 1, 2: 1, 3: 3, 4: 3}.get(len(nodes), 5))

    def leader(self, nodes):
        """Who leads, as a majority of those asked says; waits until they do."""
        found = []

        def know():
            names = [node.status()["leader"] for node in nodes]
            best = max(set(names), key=names.count)
            if best and names.count(best) * 2 > len(nodes):
                found[:] = [node for node in nodes if node.name == best.decode()]
            return bool(found)

        wait_until(know, "there is a leader")
        return found[0]
