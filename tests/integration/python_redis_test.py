#!/usr/bin/python3
"""python3-redis, as an application uses it."""

import os
import random
import threading
import unittest

import redis

from strata import TIMEOUT, Server, ServerTest, wait_until


class PythonRedis(ServerTest):
    def setUp(self):
        super().setUp()
        self.redis = self.connect()
        self.addCleanup(self.redis.close)

    def connect(self, **options):
        options = {"port": self.server.port, "socket_timeout": TIMEOUT, **options}
        return redis.Redis(**options)

    def test_strings(self):
        r = self.redis
        self.assertIs(r.set("k", "v"), True)
        self.assertEqual(r.get("k"), b"v")
        self.assertIsNone(r.get("none"))
        self.assertIsNone(r.set("k", "other", nx=True))
        self.assertEqual(r.set("k", "new", get=True), b"v")
        self.assertEqual(r.append("k", "er"), 5)
        self.assertEqual(r.getrange("k", 1, 3), b"ewe")
        self.assertEqual(r.setrange("k", 0, "old"), 5)
        self.assertEqual(r.getdel("k"), b"older")
        self.assertEqual([r.incr("n"), r.incr("n", 10), r.decr("n")], [1, 11, 10])
        self.assertEqual(r.incrbyfloat("f", 1.5), 1.5)
        self.assertIs(r.mset({"a": 1, "b": 2}), True)
        self.assertIs(r.msetnx({"a": 3, "c": 3}), False)
        self.assertEqual(r.mget("a", "b", "c"), [b"1", b"2", None])
        self.assertEqual(r.getset("a", "x"), b"1")
        self.assertEqual(r.strlen("a"), 1)

    def test_keys(self):
        r = self.redis
        r.mset({"a": 1, "b": 2, "c": 3})
        self.assertEqual(sorted(r.keys("*")), [b"a", b"b", b"c"])
        self.assertEqual(r.exists("a", "b", "none"), 2)
        self.assertIs(r.rename("a", "d"), True)
        self.assertIs(r.renamenx("d", "b"), False)
        self.assertIs(r.copy("d", "e"), True)
        self.assertEqual(r.type("d"), b"string")
        self.assertIn(r.randomkey(), (b"b", b"c", b"d", b"e"))
        self.assertEqual(r.touch("b", "c"), 2)
        self.assertEqual(r.unlink("b", "none"), 1)
        self.assertEqual(r.delete("c", "d", "e"), 3)
        self.assertEqual(r.dbsize(), 0)
        with self.assertRaisesRegex(redis.ResponseError, "no such key"):
            r.rename("none", "a")

    def test_expiration(self):
        r = self.redis
        r.set("k", "v", ex=100)
        self.assertIn(r.ttl("k"), (99, 100))
        self.assertIs(r.pexpire("k", 50_000), True)
        self.assertIn(r.pttl("k"), range(1, 50_001))
        self.assertIs(r.persist("k"), True)
        self.assertEqual((r.ttl("k"), r.ttl("none")), (-1, -2))
        self.assertEqual(r.getex("k", ex=10), b"v")
        self.assertIn(r.ttl("k"), (9, 10))
        r.expireat("k", 1)
        self.assertIsNone(r.get("k"))

    def test_pipelines(self):
        with self.redis.pipeline(transaction=False) as pipeline:
            for i in range(5000):
                pipeline.set(f"key:{i}", i).incr("total", i).get(f"key:{i}")
            replies = pipeline.execute()
        self.assertEqual(len(replies), 15000)
        self.assertEqual(replies[-1], b"4999")
        self.assertEqual(self.redis.get("total"), str(4999 * 2500).encode())

    def test_an_error_in_a_pipeline_leaves_its_neighbours_alone(self):
        pipeline = self.redis.pipeline(transaction=False)
        replies = pipeline.set("k", "word").incr("k").get("k").execute(raise_on_error=False)
        self.assertEqual((replies[0], replies[2]), (True, b"word"))
        self.assertRegex(str(replies[1]), "not an integer")

    def test_scan_iter(self):
        names = {f"key:{i}".encode() for i in range(3000)}
        self.redis.mset({name: 1 for name in names})
        self.redis.set("other", 1)
        self.assertEqual(set(self.redis.scan_iter(match="key:*", count=100)), names)
        self.assertEqual(len(set(self.redis.scan_iter())), 3001)

    def test_administration(self):
        r = self.redis
        r.client_setname("tester")
        mine = [client for client in r.client_list() if client["name"] == "tester"]
        self.assertEqual(len(mine), 1)
        self.assertEqual(mine[0]["cmd"], "client|list")
        self.assertEqual(int(mine[0]["id"]), r.client_id())
        self.assertEqual(r.client_info()["name"], "tester")
        self.assertEqual(r.config_get("maxclients"), {"maxclients": "10000"})
        self.assertIs(r.config_set("slowlog-max-len", 200), True)
        self.assertEqual(r.config_get("slowlog-max-*"), {"slowlog-max-len": "200"})
        self.assertEqual(r.slowlog_reset(), True)
        self.assertEqual(r.slowlog_len(), 0)
        self.assertIn("set", r.command())
        self.assertEqual(r.object("encoding", "none"), None)
        self.assertEqual(len(r.time()), 2)
        self.assertEqual(r.memory_usage("none"), None)

    def test_info(self):
        self.redis.set("k", "v", ex=100)
        info = self.redis.info()
        self.assertTrue(info["redis_version"].startswith("7.4"))
        self.assertEqual(info["tcp_port"], self.server.port)
        self.assertEqual(info["process_id"], self.server.pid)
        self.assertEqual(info["role"], "master")
        self.assertEqual(info["db0"]["keys"], 1)
        self.assertEqual(info["db0"]["expires"], 1)
        self.assertGreater(info["used_memory"], 0)
        self.assertIn("cmdstat_set", self.redis.info("commandstats"))

    def test_a_lock_without_scripts(self):
        def acquire(owner):
            return self.redis.set("lock", owner, nx=True, px=60_000)

        self.assertTrue(acquire("first"))
        self.assertIsNone(acquire("second"))
        self.redis.delete("lock")
        self.assertTrue(acquire("second"))
        self.assertEqual(self.redis.get("lock"), b"second")

    def test_a_lock_keeps_threads_apart(self):
        inside, seen, errors = [], [], []

        def work(owner):
            connection = self.connect()
            for _ in range(50):
                while not connection.set("lock", owner, nx=True, px=60_000):
                    pass
                inside.append(owner)
                if len(inside) != 1:
                    errors.append(list(inside))
                seen.append(owner)
                inside.pop()
                connection.delete("lock")
            connection.close()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((errors, len(seen)), ([], 200))

    def test_binary_keys_and_values(self):
        everything = bytes(range(256))
        generator = random.Random(1)
        for size in (0, 1, 255, 4096, 16383, 16384, 70000):
            key = everything + str(size).encode()
            value = generator.randbytes(size)
            self.redis.set(key, value)
            self.assertEqual(self.redis.get(key), value)
        self.assertEqual(self.redis.dbsize(), 7)
        self.assertTrue(all(key.startswith(everything) for key in self.redis.scan_iter()))

    def test_big_values(self):
        generator = random.Random(2)
        for size in (1_000_000, 20_000_000):
            value = generator.randbytes(size)
            self.redis.set("big", value)
            self.assertEqual(self.redis.strlen("big"), size)
            self.assertEqual(self.redis.getrange("big", size - 10, -1), value[-10:])
            self.assertEqual(self.redis.get("big"), value)

    def test_decoded_responses(self):
        r = self.connect(decode_responses=True)
        r.set("ключ", "значение")
        self.assertEqual(r.get("ключ"), "значение")
        self.assertEqual(list(r.scan_iter()), ["ключ"])
        r.close()

    def test_databases(self):
        other = self.connect(db=9)
        other.set("k", "nine")
        self.assertIsNone(self.redis.get("k"))
        self.assertEqual(self.redis.info("keyspace")["db9"]["keys"], 1)
        self.assertTrue(self.redis.swapdb(0, 9))
        self.assertEqual(self.redis.get("k"), b"nine")
        self.assertTrue(self.redis.move("k", 3))
        with self.assertRaisesRegex(redis.ResponseError, "DB index is out of range"):
            self.connect(db=16).ping()
        other.close()

    def test_a_pool_shared_by_threads(self):
        pool = redis.BlockingConnectionPool(port=self.server.port, max_connections=5,
                                            timeout=TIMEOUT)

        def work(number):
            client = redis.Redis(connection_pool=pool)
            for _ in range(200):
                client.incr(f"n:{number}")
                client.incr("all")

        threads = [threading.Thread(target=work, args=(i,)) for i in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.redis.get("all"), b"2000")
        self.assertLessEqual(len(self.redis.client_list()), 6)
        pool.disconnect()

    def test_a_killed_connection_comes_back(self):
        client = self.connect(health_check_interval=0, retry_on_error=[redis.ConnectionError])
        number = client.client_id()
        self.redis.client_kill_filter(_id=number)
        wait_until(lambda: number not in [int(c["id"]) for c in self.redis.client_list()],
                   "the client is gone")
        self.assertEqual(client.ping(), True)
        client.close()


class PasswordAndUnixSocket(unittest.TestCase):
    def setUp(self):
        self.server = Server("--requirepass", "s3cret", "--unixsocket", "sock")
        self.addCleanup(self.server.close)

    def test_a_password(self):
        with self.assertRaises(redis.AuthenticationError):
            redis.Redis(port=self.server.port).ping()
        for wrong in ({"password": "wrong"}, {"username": "nobody", "password": "s3cret"}):
            with self.assertRaisesRegex(redis.RedisError, "WRONGPASS"):
                redis.Redis(port=self.server.port, **wrong).ping()
        for right in ({"password": "s3cret"}, {"username": "default", "password": "s3cret"}):
            with redis.Redis(port=self.server.port, **right) as client:
                self.assertTrue(client.ping())

    def test_a_unix_socket(self):
        path = self.server.path("sock")
        self.assertTrue(os.path.exists(path))
        with redis.Redis(unix_socket_path=path, password="s3cret") as client:
            client.set("k", b"\0" * 100_000)
            self.assertEqual(client.strlen("k"), 100_000)
            self.assertIn("sock:0", client.client_info()["addr"])
        url = f"unix://:s3cret@{path}?db=1"
        with redis.Redis.from_url(url) as client:
            self.assertIsNone(client.get("k"))


if __name__ == "__main__":
    unittest.main()
