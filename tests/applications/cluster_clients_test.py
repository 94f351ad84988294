#!/usr/bin/python3
"""Clients that know Redis Cluster, on the redirect ports of three nodes: redis-cli -c, RedisCluster
of python3-redis, and by scripts of their own ioredis and node-redis.
"""

import re
import subprocess
import threading
import unittest

import redis
from redis.cluster import RedisCluster

from application import TIMEOUT, beside, run_script, wait_until
from cluster_nodes import ClusterTest
from strata import Client, ReplyError, encode

KEYS = [f"key:{i}" for i in range(300)]


def ask(node, *words):
    """What one node says of itself."""
    with Client(node.redirect_port) as client:
        return client.run(*words)


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.maker = ClusterTest()
        cls.maker.nodes = []
        cls.addClassCleanup(cls.maker.close_all)
        cls.nodes = cls.maker.make_cluster(3)

    def setUp(self):
        for node in self.nodes:
            ask(node, "FLUSHALL")

    @property
    def port(self):
        return self.nodes[0].redirect_port


class RedisCli(Clients):
    def cli(self, *words, commands=""):
        result = subprocess.run(["redis-cli", "-p", str(self.port), *words], input=commands,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=TIMEOUT, check=True)
        return result.stdout

    def follow(self, commands):
        """The replies, without what is told of the way to them."""
        said = self.cli("-c", commands="".join(commands)).splitlines()
        replies = [line for line in said if not line.startswith("-> Redirected")]
        self.assertLess(len(replies), len(said))
        return replies

    def test_it_follows(self):
        replies = self.follow(f"SET {key} {i}\n" for i, key in enumerate(KEYS))
        self.assertEqual(replies, ["OK"] * len(KEYS))
        replies = self.follow(f"GET {key}\n" for key in KEYS)
        self.assertEqual(replies, [str(i) for i in range(len(KEYS))])
        sizes = [ask(node, "DBSIZE") for node in self.nodes]
        self.assertEqual(sum(sizes), len(KEYS))
        self.assertGreater(min(sizes), 0)

    def test_without_c_it_is_told(self):
        said = self.cli(commands="".join(f"GET {key}\n" for key in KEYS))
        there = re.findall(r"MOVED \d+ 127\.0\.0\.1:(\d+)", said)
        others = {str(node.redirect_port) for node in self.nodes[1:]}
        self.assertEqual(set(there), others)

    def test_transactions(self):
        replies = self.follow(
            f"GET {{{key}}}\nMULTI\nINCR {{{key}}}a\nINCR {{{key}}}b\nEXEC\n" for key in KEYS[:20])
        self.assertEqual(replies, ["", "OK", "QUEUED", "QUEUED", "1", "1"] * 20)

    def test_all_nodes_are_called(self):
        said = self.cli("--cluster", "call", f"127.0.0.1:{self.port}", "CLUSTER", "MYID")
        for node in self.nodes:
            self.assertIn(node.name, said)


class Python(Clients):
    def setUp(self):
        super().setUp()
        self.redis = self.connect()

    def connect(self, **options):
        client = RedisCluster("127.0.0.1", self.port, socket_timeout=TIMEOUT, **options)
        self.addCleanup(client.close)
        return client

    def test_keys_of_all_nodes(self):
        r = self.redis
        for i, key in enumerate(KEYS):
            r.set(key, i)
        self.assertEqual([int(r.get(key)) for key in KEYS], list(range(len(KEYS))))
        self.assertEqual(r.mget_nonatomic(KEYS[:50]), [b"%d" % i for i in range(50)])
        self.assertEqual(r.dbsize(target_nodes=RedisCluster.ALL_NODES), len(KEYS))
        self.assertEqual({key.decode() for key in r.scan_iter(count=10)}, set(KEYS))
        self.assertEqual(r.exists(*KEYS), len(KEYS))
        self.assertEqual(r.delete(*KEYS), len(KEYS))

    def test_pipelines(self):
        pipeline = self.redis.pipeline()
        for i, key in enumerate(KEYS):
            pipeline.set(key, i).get(key)
        replies = pipeline.execute()
        self.assertEqual(replies[1::2], [b"%d" % i for i in range(len(KEYS))])

    def test_keys_of_several_slots(self):
        with self.assertRaises(redis.exceptions.RedisClusterException):
            self.redis.mget("key:1", "key:2")  # its own mind
        node = self.redis.get_node_from_key("key:1")
        with self.assertLogs("redis.cluster"), \
                self.assertRaises(redis.exceptions.ClusterCrossSlotError):
            self.redis.execute_command("MGET", "key:1", "key:2", target_nodes=node)

    def test_transactions(self):
        for key in KEYS[:30]:
            node = self.redis.get_node_from_key(key)
            connection = self.redis.get_redis_connection(node)
            with connection.pipeline(transaction=True) as pipeline:
                pipeline.watch(key)
                pipeline.multi()
                pipeline.incr(key)
                pipeline.incr("{" + key + "}b")
                self.assertEqual(pipeline.execute(), [1, 1])

    def test_scripts(self):
        for key in KEYS[:30]:
            script = "redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])"
            self.assertEqual(self.redis.eval(script, 1, key, key), key.encode())

    def test_who_waits_is_fed(self):
        for key in KEYS[:10]:
            fed = []
            waiter = threading.Thread(target=lambda: fed.append(self.redis.blpop(key, TIMEOUT)))
            waiter.start()
            self.connect().rpush(key, "x")
            waiter.join()
            self.assertEqual(fed, [(key.encode(), b"x")])

    def test_channels(self):
        listener = self.redis.pubsub()
        listener.subscribe("news")
        self.assertEqual(listener.get_message(timeout=TIMEOUT)["type"], "subscribe")
        listener.connection_pool.get_connection("PUBLISH").send_command("PUBLISH", "news", "x")
        self.assertEqual(listener.get_message(timeout=TIMEOUT)["data"], b"x")
        listener.close()

    def test_reading_from_replicas(self):
        r = self.connect(read_from_replicas=True)
        for key in KEYS:
            r.set(key, key)
        for _ in range(2):  # each time from another node
            self.assertEqual([r.get(key) for key in KEYS], [key.encode() for key in KEYS])

    def test_slots(self):
        for number in range(3):
            for key in ("a", "b"):
                self.redis.set(f"{{user{number}}}{key}", 1)
            slot = self.redis.keyslot(f"user{number}")
            self.assertEqual(self.redis.cluster_countkeysinslot(slot), 2)
            self.assertEqual(len(self.redis.cluster_get_keys_in_slot(slot, 10)), 2)


class Scripts(Clients):
    def run_script(self, name):
        run_script("node", beside(name), *(str(node.redirect_port) for node in self.nodes))

    def test_ioredis(self):
        self.run_script("ioredis_cluster_test.js")

    def test_node_redis(self):
        self.run_script("node_redis_cluster_test.js")


class Moving(ClusterTest):
    def test_who_waits_where_a_slot_was_is_sent_to_where_it_is(self):
        """A third node takes over partitions for whose keys clients wait."""
        nodes = self.make_cluster(2)
        routes = RedisCluster("127.0.0.1", nodes[0].redirect_port)
        self.addCleanup(routes.close)
        before = {key: routes.get_node_from_key(key).port for key in KEYS[:100]}
        waiting = {key: Client(port) for key, port in before.items()}
        for key, client in waiting.items():
            self.addCleanup(client.close)
            client.send(encode("BLPOP", key, 0))
        wait_until(lambda: self.blocked() == len(waiting), "all wait")
        newcomer = self.add()
        newcomer.join(nodes[0])
        self.wait_until_settled(self.nodes)
        routes.nodes_manager.initialize()
        moved = {key for key in waiting if routes.get_node_from_key(key).port != before[key]}
        self.assertGreater(len(moved), 10)
        for key in moved:
            reply = waiting[key].reply()
            self.assertIsInstance(reply, ReplyError)
            self.assertRegex(str(reply), rf"^MOVED {routes.keyslot(key)} 127\.0\.0\.1:\d+$")
        wait_until(lambda: self.blocked() == len(waiting) - len(moved), "the others wait on")
        for key in waiting.keys() - moved:
            routes.rpush(key, "x")
            self.assertEqual(waiting[key].reply(), [key.encode(), b"x"])

    def blocked(self):
        return sum(int(re.search(rb"blocked_clients:(\d+)", ask(node, "INFO", "clients"))[1])
                   for node in self.nodes)

    def test_a_node_of_no_cluster_serves_no_keys_there(self):
        node = self.add()
        self.assertEqual(ask(node, "GET", "k"), ReplyError("CLUSTERDOWN Hash slot not served"))
        self.assertEqual(ask(node, "DBSIZE"), 0)


if __name__ == "__main__":
    unittest.main()
