"""Servers that are nodes of one cluster: how it forms, changes, and outlives its nodes."""

import time
import unittest

from certificates import Certificates
from cluster_nodes import ClusterTest, pairs
from strata import ReplyError, wait_until


class Forming(ClusterTest):
    def test_three_nodes_by_command(self):
        nodes = self.make_cluster(3)
        ids = {node.status()["cluster-id"] for node in nodes}
        self.assertEqual(len(ids), 1)
        shares = [int(node["primaries"]) for node in nodes[0].nodes().values()]
        self.assertEqual(sum(shares), 256)
        self.assertLessEqual(max(shares) - min(shares), 6)
        info = nodes[1].do("CLUSTER", "INFO").decode()
        self.assertIn("cluster_state:ok", info)
        self.assertIn("cluster_slots_assigned:16384", info)
        self.assertIn("cluster_known_nodes:3", info)

    def test_by_options(self):
        first = self.add("--cluster-bootstrap", "yes")
        seed = f"127.0.0.1:{first.peer_port}"
        self.add("--cluster-join", seed)
        self.add("--cluster-join", seed)
        self.wait_until_settled(self.nodes)

    def test_who_is_not_let_in(self):
        first, = self.make_cluster(1)
        stranger = self.add(secret="another secret altogether")
        refusal = stranger.run("CACHE.CLUSTER", "JOIN", "127.0.0.1", first.peer_port)
        self.assertIsInstance(refusal, ReplyError)
        other = self.add("--cluster-bootstrap", "yes")
        wait_until(lambda: other.status()["belonging"] == b"member", "it is one")
        self.assertEqual(other.run("CACHE.CLUSTER", "JOIN", "127.0.0.1", first.peer_port),
                         ReplyError("ERR this node belongs to a cluster already"))
        self.assertEqual(len(first.nodes()), 1)

    def test_by_certificates(self):
        certificates = Certificates()
        self.addCleanup(certificates.remove)
        for authority in ("ca", "other"):
            certificates.make_authority(authority)
        for name, authority in (("node", "ca"), ("client", "ca"), ("stranger", "other")):
            certificates.issue(name, authority)

        def start(name, authority="ca"):
            return self.add("--cluster-tls-cert-file", certificates.file(f"{name}.pem"),
                            "--cluster-tls-key-file", certificates.file(f"{name}.key"),
                            "--cluster-tls-ca-cert-file", certificates.file(f"{authority}.pem"),
                            "--cluster-tls-name", "node.test", secret=None)

        first, second = start("node"), start("node")
        first.do("CACHE.CLUSTER", "INIT")
        second.join(first)
        self.wait_until_settled([first, second])
        # Of another authority; of the same, but with another name; and with a secret.
        for other in (start("stranger", "other"), start("client"), self.add()):
            reply = other.run("CACHE.CLUSTER", "JOIN", "127.0.0.1", first.peer_port)
            self.assertIsInstance(reply, ReplyError)
        self.assertEqual(len(second.nodes()), 2)

    def test_bad_options_stop_the_start(self):
        for options, reason in [
                (["--cluster-secret", "short"], "16 bytes"),
                (["--cluster-secret", ""], "cluster-enabled needs"),
                (["--cluster-partitions", "100"], "a power of two"),
                (["--cluster-port", "0", "--port", "60000"], "cluster-port"),
                (["--cluster-join", "nonsense"], "is not host:port"),
                (["--cluster-secret-file", "/nonexistent"], "are both set")]:
            with self.subTest(options), self.assertRaises(AssertionError) as failure:
                self.add(*options)
            self.assertIn(reason, str(failure.exception))


class Changing(ClusterTest):
    def test_a_node_is_added_and_one_leaves(self):
        nodes = self.make_cluster(3)
        fourth = self.add()
        fourth.join(nodes[1])
        self.wait_until_settled(self.nodes)
        self.assertGreater(int(nodes[0].nodes()[fourth.name]["copies"]), 0)

        leaver = nodes[2]
        name = leaver.name
        leaver.do("CACHE.CLUSTER", "LEAVE")
        rest = [node for node in self.nodes if node is not leaver]
        wait_until(lambda: name not in nodes[0].nodes(), "it has left")
        self.wait_until_settled(rest)
        wait_until(lambda: leaver.status()["belonging"] == b"removed", "it knows that it left")
        self.assertEqual(leaver.run("CACHE.CLUSTER", "WEIGHT", name, 5),
                         ReplyError("ERR this node belongs to no cluster"))
        # A new node, which may join.
        leaver.do("CLUSTER", "RESET")
        self.assertNotEqual(leaver.name, name)
        leaver.join(fourth)
        self.wait_until_settled(self.nodes)

    def test_the_leader_removes_itself(self):
        nodes = self.make_cluster(3)
        leader = self.leader(nodes)
        name = leader.name
        leader.do("CACHE.CLUSTER", "LEAVE", name)
        rest = [node for node in nodes if node is not leader]
        wait_until(lambda: all(name not in node.nodes() for node in rest), "it has left")
        # Two of the three voters are left, then one.
        wait_until(lambda: all(len(node.status()["voters"]) == 1 for node in rest), "one votes")
        rest[0].do("CACHE.CLUSTER", "WEIGHT", rest[1].name, 50)
        self.assertNotEqual(self.leader(rest), leader)

    def test_one_leaves_that_is_gone(self):
        nodes = self.make_cluster(3)
        gone = nodes[1] if self.leader(nodes) is not nodes[1] else nodes[2]
        name = gone.name
        gone.crash()
        rest = [node for node in nodes if node is not gone]
        rest[0].do("CACHE.CLUSTER", "LEAVE", name, "FORCE")
        wait_until(lambda: all(name not in node.nodes() for node in rest), "it is forgotten")
        wait_until(lambda: rest[0].status()["partitions-without-primary"] == 0, "others took over")

    def test_one_is_removed_while_it_is_away_and_starts_anew(self):
        nodes = self.make_cluster(3)
        away = nodes[2] if self.leader(nodes) is not nodes[2] else nodes[1]
        rest = [node for node in nodes if node is not away]
        name = away.name
        away.crash()
        rest[0].do("CACHE.CLUSTER", "LEAVE", name, "FORCE")
        wait_until(lambda: all(name not in node.nodes() for node in rest), "it is forgotten")
        wait_until(lambda: all(name.encode() not in node.status()["voters"] for node in rest), "it has no vote")
        away.start()
        # It hears of no leader, and takes itself for a member until it is told otherwise.
        wait_until(lambda: away.run("CLUSTER", "RESET") == b"OK", "it may be reset")
        self.assertNotEqual(away.name, name)
        away.join(rest[0])
        self.wait_until_settled(nodes)

    def test_who_is_needed_stays(self):
        first, second = self.make_cluster(2)
        self.assertEqual(first.run("CACHE.CLUSTER", "LEAVE"),
                         ReplyError("ERR 2 copies of each partition need more nodes than the 1 that would "
                                    "be left: FORCE, or a smaller cluster-replicas first"))
        first.do("CONFIG", "SET", "cluster-replicas", 0)
        name = first.name
        first.do("CACHE.CLUSTER", "LEAVE")
        wait_until(lambda: name not in second.nodes(), "it has left")
        wait_until(lambda: second.status()["partitions-without-primary"] == 0, "the other has all")
        self.assertEqual(second.run("CACHE.CLUSTER", "LEAVE", second.name, "FORCE"),
                         ReplyError("ERR no node would be left that takes its copies"))
        self.assertIn("keeps its port", str(second.run("CONFIG", "SET", "port", 0)))

    def test_weight_and_zone(self):
        nodes = self.make_cluster(2)
        name = nodes[1].name
        nodes[1].do("CACHE.CLUSTER", "WEIGHT", name, 300)
        nodes[0].do("CACHE.CLUSTER", "ZONE", name, "west")
        self.assertEqual(nodes[1].nodes()[name]["weight"], 300)
        wait_until(lambda: nodes[1].nodes()[name]["zone"] == b"west", "all know it")


class Surviving(ClusterTest):
    def test_the_leader_is_killed_and_comes_back(self):
        nodes = self.make_cluster(3)
        for _ in range(3):
            leader = self.leader(nodes)
            name, incarnation = leader.name, leader.nodes()[leader.name]["incarnation"]
            rest = [node for node in nodes if node is not leader]
            begin = time.monotonic()
            leader.crash()
            wait_until(lambda: all(node.status()["leader"] not in (b"", name.encode())
                                   for node in rest), "another leads")
            print(f"another led {time.monotonic() - begin:.2f} s after the kill")
            wait_until(lambda: rest[0].nodes()[name]["state"] == b"down", "it is found down")
            self.assertIn(b"heard", rest[0].nodes()[name]["reason"])
            wait_until(lambda: rest[0].status()["partitions-without-primary"] == 0, "others took over")
            rest[1].do("CACHE.CLUSTER", "WEIGHT", name, 100 + incarnation)
            leader.start()
            self.assertEqual(leader.name, name)
            wait_until(lambda: all(node.nodes()[name]["incarnation"] == incarnation + 1 for node in nodes),
                       "all know that it has started anew")
            self.wait_until_settled(nodes)
            self.assertEqual(leader.nodes()[name]["weight"], 100 + incarnation)

    def test_a_handover(self):
        nodes = self.make_cluster(3)
        leader = self.leader(nodes)
        to = next(node for node in nodes if node is not leader)
        leader.do("CACHE.CLUSTER", "TRANSFER-LEADER", to.name)
        wait_until(lambda: all(node.status()["leader"] == to.name.encode() for node in nodes), "it leads")
        nodes[2].do("CACHE.CLUSTER", "TRANSFER-LEADER")
        wait_until(lambda: self.leader(nodes) is not to, "another one leads")

    def test_all_are_killed_and_start_again(self):
        nodes = self.make_cluster(3)
        cluster = nodes[0].status()["cluster-id"]
        names = [node.name for node in nodes]
        nodes[2].do("CACHE.CLUSTER", "ZONE", names[0], "east")
        for node in nodes:
            node.crash()
        for node in nodes:
            node.start()
        self.wait_until_settled(nodes)
        self.assertEqual([node.name for node in nodes], names)
        self.assertEqual(nodes[1].status()["cluster-id"], cluster)
        self.assertEqual(nodes[1].nodes()[names[0]]["zone"], b"east")

    def test_five_nodes_in_two_zones(self):
        nodes = self.make_cluster(5, zones=["east", "west"])
        zones = {name: node["zone"] for name, node in nodes[0].nodes().items()}
        voters = [zones[voter.decode()] for voter in nodes[0].status()["voters"]]
        self.assertEqual(sorted(voters), [b"east"] * 3 + [b"west"] * 2)

        def zones_of_slots():
            shards = [pairs(shard) for shard in nodes[0].do("CLUSTER", "SHARDS")]
            return [{zones[node["id"].decode()] for node in map(pairs, shard["nodes"])
                     if node["health"] == b"online"} for shard in shards if shard["slots"]]

        wait_until(lambda: all(where == {b"east", b"west"} for where in zones_of_slots()),
                   "each partition has a copy in both")
        for node in nodes[:2]:
            node.crash()
        rest = nodes[2:]
        self.leader(rest)
        wait_until(lambda: rest[0].status()["partitions-without-primary"] == 0, "others took over")


if __name__ == "__main__":
    unittest.main()
