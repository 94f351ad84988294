"""Any node answers any client: on `port` a key is found wherever it lies."""

import unittest

from cluster_nodes import ClusterTest
from strata import Client, ReplyError, encode, wait_until


class Proxied(ClusterTest):
    """One cluster for all of the tests."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = ClusterTest()
        cls.cluster.nodes = []
        cls.addClassCleanup(cls.cluster.close_all)
        cls.cluster.make_cluster(3)

    def setUp(self):
        self.nodes = self.cluster.nodes
        self.nodes[0].do("FLUSHALL")

    def test_each_node_has_all_keys(self):
        for i, node in enumerate(self.nodes):
            with node.client() as client:
                for k in range(100):
                    self.assertEqual(client.run("SET", f"key:{i}:{k}", f"{i}-{k}"), b"OK")
        for node in self.nodes:
            with node.client() as client:
                for i in range(3):
                    for k in range(100):
                        self.assertEqual(client.run("GET", f"key:{i}:{k}"), f"{i}-{k}".encode())

    def test_a_pipeline_keeps_its_order(self):
        with self.nodes[0].client() as client:
            for k in range(500):
                client.send(encode("RPUSH", f"list:{k % 7}", k))
                client.send(encode("LLEN", f"list:{k % 7}"))
                client.send(encode("PING"))
            for k in range(500):
                self.assertEqual(client.reply(), k // 7 + 1)
                self.assertEqual(client.reply(), k // 7 + 1)
                self.assertEqual(client.reply(), b"PONG")

    def test_errors_and_nulls_come_back(self):
        with self.nodes[1].client() as client:
            for k in range(20):
                self.assertIsNone(client.run("GET", f"missing:{k}"))
                client.run("SET", f"text:{k}", "abc")
                reply = client.run("INCR", f"text:{k}")
                self.assertIsInstance(reply, ReplyError)
                self.assertIn("not an integer", str(reply))

    def test_databases(self):
        with self.nodes[0].client() as client:
            for k in range(30):
                client.run("SET", f"n:{k}", "zero")
            client.run("SELECT", 3)
            for k in range(30):
                self.assertIsNone(client.run("GET", f"n:{k}"))
                client.run("SET", f"n:{k}", "three")
            client.run("SELECT", 0)
            for k in range(30):
                self.assertEqual(client.run("GET", f"n:{k}"), b"zero")
        with self.nodes[2].client() as client:
            client.run("SELECT", 3)
            for k in range(30):
                self.assertEqual(client.run("GET", f"n:{k}"), b"three")

    def test_big_values(self):
        value = b"x" * 3_000_000
        for k in range(4):
            self.nodes[k % 3].do("SET", f"big:{k}", value)
        for node in self.nodes:
            for k in range(4):
                self.assertEqual(node.do("GET", f"big:{k}"), value)

    def test_replies_that_nobody_wants(self):
        with self.nodes[0].client() as client:
            for k in range(20):
                client.send(encode("CLIENT", "REPLY", "SKIP"))
                client.send(encode("SET", f"quiet:{k}", k))
                client.send(encode("GET", f"quiet:{k}"))
            for k in range(20):
                self.assertEqual(client.reply(), str(k).encode())

    def test_commands_of_many_keys(self):
        keys = [f"many:{k}" for k in range(60)]
        with self.nodes[0].client() as client:
            pairs = [word for k, key in enumerate(keys) for word in (key, k)]
            self.assertEqual(client.run("MSET", *pairs), b"OK")
            self.assertEqual(client.run("MGET", *keys, "none", keys[0]),
                             [str(k).encode() for k in range(60)] + [None, b"0"])
            self.assertEqual(client.run("EXISTS", *keys, "none"), 60)
            self.assertEqual(client.run("TOUCH", *keys), 60)
            self.assertEqual(client.run("DEL", *keys[:20]), 20)
            self.assertEqual(client.run("UNLINK", *keys), 40)
            self.assertIn("wrong number", str(client.run("MSET", keys[0], 1, keys[1])))
            # What cannot be done in parts is refused as a whole.
            reply = client.run("SUNION", *keys)
            self.assertIn("CROSSSLOT", str(reply))

    def test_commands_about_all_keys(self):
        keys = {f"all:{k}".encode() for k in range(300)}
        with self.nodes[0].client() as client:
            for key in keys:
                client.run("SET", key, 1)
        for node in self.nodes:
            with node.client() as client:
                self.assertEqual(client.run("DBSIZE"), 300)
                self.assertEqual(set(client.run("KEYS", "all:*")), keys)
                self.assertIn(client.run("RANDOMKEY"), keys)
                found, cursor = [], b"0"
                while True:
                    cursor, some = client.run("SCAN", cursor, "COUNT", 50)
                    self.assertLess(int(cursor), 1 << 53)
                    found += some
                    if cursor == b"0":
                        break
                self.assertEqual(sorted(found), sorted(keys))
        with self.nodes[1].client() as client:
            self.assertEqual(client.run("FLUSHALL"), b"OK")
            self.assertEqual(client.run("DBSIZE"), 0)
            self.assertIsNone(client.run("RANDOMKEY"))

    def test_transactions(self):
        with self.nodes[0].client() as client:
            for k in range(12):
                self.assertEqual(client.run("MULTI"), b"OK")
                client.run("SET", f"{{tx{k}}}:a", 1)
                client.run("INCR", f"{{tx{k}}}:a")
                client.run("LPUSH", f"{{tx{k}}}:a", 1)
                done = client.run("EXEC")
                self.assertEqual(done[:2], [b"OK", 2])
                self.assertIn("WRONGTYPE", str(done[2]))
            client.run("MULTI")
            for k in range(12):
                client.run("SET", f"apart:{k}", 1)
            self.assertIn("CROSSSLOT", str(client.run("EXEC")))
            self.assertIsNone(client.run("GET", "apart:0"))

    def test_watched_keys(self):
        with self.nodes[0].client() as client, self.nodes[1].client() as other:
            for k in range(12):
                key = f"watched:{k}"
                client.run("SET", key, 1)
                self.assertEqual(client.run("WATCH", key), b"OK")
                client.run("MULTI")
                client.run("INCR", key)
                self.assertEqual(client.run("EXEC"), [2])
                client.run("WATCH", key)
                other.run("SET", key, 10)
                client.run("MULTI")
                client.run("INCR", key)
                self.assertIsNone(client.run("EXEC"))
                client.run("WATCH", key)
                other.run("SET", key, 20)
                client.run("UNWATCH")
                client.run("MULTI")
                client.run("INCR", key)
                self.assertEqual(client.run("EXEC"), [21])

    def test_blocking_commands(self):
        with self.nodes[0].client() as client, self.nodes[1].client() as other:
            for k in range(12):
                key = f"queue:{k}"
                client.send(encode("BLPOP", key, 30))
                other.run("RPUSH", key, k)
                self.assertEqual(client.reply(), [key.encode(), str(k).encode()])
            for k in range(12):
                self.assertIsNone(client.run("BLPOP", f"queue:{k}", "0.01"))

    def test_who_leaves_takes_nothing(self):
        with self.nodes[1].client() as other:
            for k in range(12):
                with self.nodes[0].client() as client:
                    client.send(encode("BLPOP", f"left:{k}", 0))
                    wait_until(lambda: self.blocked_clients() > 0, "somebody waits")
                wait_until(lambda: self.blocked_clients() == 0, "nobody waits")
                self.assertEqual(other.run("RPUSH", f"left:{k}", "x"), 1)
                self.assertEqual(other.run("LLEN", f"left:{k}"), 1)

    def blocked_clients(self):
        return sum(int(line.split(b":")[1]) for node in self.nodes
                   for line in node.do("INFO", "clients").split(b"\r\n")
                   if line.startswith(b"blocked_clients:"))

    def test_scripts(self):
        with self.nodes[0].client() as client:
            digest = client.run("SCRIPT", "LOAD", "return redis.call('INCR', KEYS[1])")
            for k in range(12):
                self.assertEqual(client.run("EVALSHA", digest, 1, f"counter:{k}"), 1)
                self.assertEqual(client.run("EVAL", "return redis.call('GET', KEYS[1])", 1,
                                            f"counter:{k}"), b"1")
            self.assertEqual(client.run("SCRIPT", "EXISTS", digest, "0" * 40), [1, 0])

    def test_users_have_their_rights_at_all_nodes(self):
        self.nodes[0].do("ACL", "SETUSER", "bob", "on", ">pw", "~his:*", "+@all")
        wait_until(lambda: all(node.do("ACL", "GETUSER", "bob") for node in self.nodes),
                   "all nodes know bob")
        with self.nodes[1].client() as bob, self.nodes[1].client() as anybody:
            self.assertEqual(bob.run("AUTH", "bob", "pw"), b"OK")
            for k in range(12):
                his, other = f"his:{{{k}}}", f"other:{{{k}}}"
                anybody.run("MSET", his, "a", other, "b")
                self.assertEqual(bob.run("GET", his), b"a")
                self.assertIn("NOPERM", str(bob.run("GET", other)))
                read = "return redis.call('GET', '%s')"
                self.assertEqual(bob.run("EVAL", read % his, 1, his), b"a")
                self.assertIn("No permissions", str(bob.run("EVAL", read % other, 1, his)))
                self.assertEqual(anybody.run("EVAL", read % other, 1, his), b"b")
            self.assertIn("only nodes", str(bob.run("CACHE.CLUSTER", "ACT")))

    def test_messages_reach_all_nodes(self):
        with self.nodes[0].client() as first, self.nodes[1].client() as second, \
                self.nodes[2].client() as publisher:
            first.run("SUBSCRIBE", "news")
            second.run("PSUBSCRIBE", "n*")
            for k in range(50):
                publisher.run("PUBLISH", "news", k)
            for k in range(50):
                self.assertEqual(first.reply(), [b"message", b"news", str(k).encode()])
                self.assertEqual(second.reply(), [b"pmessage", b"n*", b"news", str(k).encode()])

    def test_notifications_reach_all_nodes(self):
        option = "notify-keyspace-events"
        self.nodes[0].do("CONFIG", "SET", option, "K$")
        wait_until(lambda: all(node.do("CONFIG", "GET", option)[1] == b"$K" for node in self.nodes),
                   "all nodes tell of keys")
        with self.nodes[0].client() as listener, self.nodes[2].client() as writer:
            listener.run("PSUBSCRIBE", "__keyspace@0__:note:*")
            for k in range(12):
                writer.run("SET", f"note:{k}", 1)
            heard = {listener.reply()[2] for _ in range(12)}
            self.assertEqual(heard, {f"__keyspace@0__:note:{k}".encode() for k in range(12)})

    def follow(self, node, *options):
        """A client of the node that tracks keys, and one that is told of them."""
        listener, reader = node.client(), node.client()
        self.addCleanup(listener.close)
        self.addCleanup(reader.close)
        number = listener.run("CLIENT", "ID")
        listener.run("SUBSCRIBE", "__redis__:invalidate")
        self.assertEqual(reader.run("CLIENT", "TRACKING", "ON", "REDIRECT", number, *options), b"OK")
        return listener, reader

    def told_of(self, listener, keys):
        """Once at least of each; what changes beside its reading may be told twice."""
        missing = set(keys)
        while missing:
            message = listener.reply()
            self.assertEqual(message[:2], [b"message", b"__redis__:invalidate"])
            if message[2] is None:
                return  # all keys: of the FLUSHALL before a test, nodes tell each other behind it
            missing.discard(message[2][0].decode())

    def test_tracked_keys(self):
        listener, reader = self.follow(self.nodes[0])
        with self.nodes[1].client() as writer:
            for k in range(24):
                key = f"tracked:{k}"
                writer.run("SET", key, 1)
                self.assertEqual(reader.run("GET", key), b"1")
                writer.run("SET", key, 2)
                self.told_of(listener, [key])
            keys = [f"tracked:{k}" for k in range(24)]
            reader.run("MGET", *keys)
            writer.run("DEL", *keys)
            self.told_of(listener, keys)
            reader.run("GET", "tracked:0")
            writer.run("FLUSHALL")
            self.told_of(listener, [None])

    def test_tracked_keys_of_transactions_and_scripts(self):
        listener, reader = self.follow(self.nodes[0])
        with self.nodes[1].client() as writer:
            for k in range(12):
                key = f"indirect:{k}"
                reader.run("MULTI")
                reader.run("GET", key)
                reader.run("EXEC")
                writer.run("SET", key, 1)
                self.told_of(listener, [key])
                reader.run("EVAL", "return redis.call('GET', KEYS[1])", 1, key)
                writer.run("SET", key, 2)
                self.told_of(listener, [key])

    def test_tracking_by_prefix(self):
        listener, _ = self.follow(self.nodes[0], "BCAST", "PREFIX", "cast:")
        listener.socket.settimeout(0.1)
        with self.nodes[1].client() as writer:
            told = set()

            def write_and_listen():
                """Other nodes hear a little later that somebody here wants to know."""
                for k in range(12):
                    writer.run("SET", f"cast:{k}", 1)
                try:
                    while True:
                        told.update(listener.reply()[2])
                except TimeoutError:
                    listener.stream = listener.socket.makefile("rb")
                return len(told) == 12

            wait_until(write_and_listen, "all keys are told of")

    def test_what_is_read_while_it_changes(self):
        """Whoever was told of the newest value, or has read it, has nothing old."""
        listener, reader = self.follow(self.nodes[0])
        with self.nodes[1].client() as writer:
            for k in range(200):
                key = f"race:{k % 12}"
                reader.send(encode("GET", key))
                writer.run("SET", key, k)
                if reader.reply() != str(k).encode():
                    self.told_of(listener, [key])


class Strangers(ClusterTest):
    def test_the_peer_port_takes_commands_from_nodes_only(self):
        node = self.add()
        node.do("CACHE.CLUSTER", "INIT")
        for greeting in (b"D" + encode("FLUSHALL"), b"D" * 5000, b"D\x16\x03\x01" + b"\xff" * 300):
            with Client(node.peer_port) as stranger:
                stranger.send(greeting)
                try:
                    self.assertNotIn(b"OK", stranger.rest())
                except ConnectionError:
                    pass
        crowd = [Client(node.peer_port) for _ in range(100)]
        for stranger in crowd:
            stranger.send(b"D")
        self.assertEqual(node.do("SET", "k", "v"), b"OK")
        for stranger in crowd:
            stranger.close()
        wait_until(lambda: node.do("GET", "k") == b"v", "it serves")


if __name__ == "__main__":
    unittest.main()
