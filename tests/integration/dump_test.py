#!/usr/bin/python3
"""DUMP and RESTORE between this server and a real redis-server, both ways, and of old versions."""

import random
import shutil
import struct
import subprocess
import tempfile
import unittest

from strata import Client, ReplyError, ServerTest, free_port, wait_until

POLYNOMIAL = 0x95AC9329AC4BC9B5


def crc64(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc


def sealed(body, version=9):
    body += struct.pack("<H", version)
    return body + struct.pack("<Q", crc64(body))


def string(data):
    size = len(data)
    if size < 64:
        return bytes([size]) + data
    return struct.pack(">BI", 0x80, size) + data


def ziplist(*elements):
    body, before, last = b"", 0, 10
    for element in elements:
        last = 10 + len(body)
        if isinstance(element, int):
            encoded = b"\xc0" + struct.pack("<h", element)
        else:
            encoded = bytes([len(element)]) + element
        entry = bytes([before]) + encoded
        before = len(entry)
        body += entry
    return struct.pack("<IIH", 11 + len(body), last, len(elements)) + body + b"\xff"


def zipmap(*pairs):
    body = b"".join(bytes([len(f)]) + f + bytes([len(v), 0]) + v for f, v in pairs)
    return bytes([len(pairs)]) + body + b"\xff"


OLD_DUMPS = {
    "list": b"\x01\x03" + string(b"a") + string(b"b") + b"\xc0\x05",
    "set": b"\x02\x02" + string(b"a") + string(b"b"),
    "sorted set, text": b"\x03\x03" + string(b"a") + b"\x031.5" + string(b"b") + b"\xfe"
                        + string(b"c") + b"\xff",
    "hash": b"\x04\x01" + string(b"f") + string(b"v"),
    "sorted set": b"\x05\x01" + string(b"a") + struct.pack("<d", 0.1),
    "zipmap": b"\x09" + string(zipmap((b"f", b"v"), (b"g", b""))),
    "list ziplist": b"\x0a" + string(ziplist(b"a", 5, b"")),
    "intset": b"\x0b" + string(struct.pack("<IIhh", 2, 2, -1, 7)),
    "sorted set ziplist": b"\x0c" + string(ziplist(b"a", 1, b"b", b"2.5")),
    "hash ziplist": b"\x0d" + string(ziplist(b"f", 1, b"g", b"x")),
    "quicklist": b"\x0e\x02" + string(ziplist(b"a", 1)) + string(ziplist(b"b")),
}


def fill(client, seed):
    """Keys of every type, small and large."""
    rng = random.Random(seed)

    def word(longest=30):
        kind = rng.randrange(4)
        if kind == 0:
            return str(rng.randrange(-2 ** rng.randrange(1, 63), 2 ** rng.randrange(1, 63)))
        if kind == 1:
            return "a" * rng.randrange(longest)
        return bytes(rng.randrange(256) for _ in range(rng.randrange(longest)))

    run = client.run
    for number, text in enumerate(("", "7", "-1", "12345678901", "x" * 100, "ab" * 40000, word())):
        run("SET", f"string{number}", text)
    for name, count, longest in (("small", 5, 20), ("wide", 5, 300), ("many", 700, 20)):
        run("RPUSH", f"list-{name}", *(word(longest) for _ in range(count)))
        run("SADD", f"set-{name}", *(word(longest) for _ in range(count)))
        run("SADD", f"integers-{name}", *(rng.randrange(-2 ** 40, 2 ** 40) for _ in range(count)))
        run("HSET", f"hash-{name}", *(word(longest) for _ in range(2 * count)))
        for _ in range(count):
            score = rng.choice((rng.randrange(-100, 100), rng.uniform(-9, 9), "inf", "-inf"))
            run("ZADD", f"zset-{name}", score, word(longest))
        for _ in range(count):
            run("XADD", f"stream-{name}", "*", "f", word(longest), "g", word(longest))
    run("XADD", "stream-groups", "1-1", "f", "v")
    for number in range(2, 20):
        run("XADD", "stream-groups", f"{number}-0", "f", number, "g", word())
    run("XDEL", "stream-groups", "1-1", "5-0")
    run("XGROUP", "CREATE", "stream-groups", "one", "0")
    run("XGROUP", "CREATE", "stream-groups", "two", "$")
    run("XREADGROUP", "GROUP", "one", "anna", "COUNT", "4", "STREAMS", "stream-groups", ">")
    run("XREADGROUP", "GROUP", "one", "ben", "COUNT", "3", "STREAMS", "stream-groups", ">")
    run("XACK", "stream-groups", "one", "2-0")


def content(client, key):
    """All that a key holds, in a form that does not depend on order where there is none."""
    run = client.run
    kind = run("TYPE", key)
    if kind == b"string":
        return kind, run("GET", key)
    if kind == b"list":
        return kind, run("LRANGE", key, 0, -1)
    if kind == b"set":
        return kind, sorted(run("SMEMBERS", key))
    if kind == b"hash":
        flat = run("HGETALL", key)
        return kind, sorted(zip(flat[::2], flat[1::2]))
    if kind == b"zset":
        flat = run("ZRANGE", key, 0, -1, "WITHSCORES")
        return kind, list(zip(flat[::2], map(float, flat[1::2])))  # spelled otherwise in Redis 7.0
    info = run("XINFO", "STREAM", key, "FULL", "COUNT", 0)
    info = dict(zip(info[::2], info[1::2]))
    fields = (b"length", b"last-generated-id", b"max-deleted-entry-id", b"entries-added",
              b"recorded-first-entry-id")
    groups = []
    for group in info[b"groups"]:
        group = dict(zip(group[::2], group[1::2]))
        consumers = [dict(zip(c[::2], c[1::2])) for c in group[b"consumers"]]
        groups.append((group[b"name"], group[b"last-delivered-id"], group[b"entries-read"],
                       group[b"pending"], [(c[b"name"], c[b"pending"]) for c in consumers]))
    return kind, run("XRANGE", key, "-", "+"), [info[f] for f in fields], groups


class Dump(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(prefix="strata-dump-")
        cls.port = free_port()
        cls.redis = subprocess.Popen(
            ["redis-server", "--port", str(cls.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", cls.folder], stdout=subprocess.DEVNULL)
        wait_until(cls.answers, "redis-server answers")

    @classmethod
    def answers(cls):
        try:
            Client(cls.port).close()
            return True
        except ConnectionError:
            return False

    @classmethod
    def tearDownClass(cls):
        cls.redis.terminate()
        cls.redis.wait()
        shutil.rmtree(cls.folder, ignore_errors=True)
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        self.oracle = Client(self.port)
        self.addCleanup(self.oracle.close)
        self.oracle.run("FLUSHALL")

    def carry(self, source, target):
        """Moves every key, and compares what arrived."""
        for compression in ("yes", "no"):
            target.run("FLUSHALL")
            source.run("CONFIG", "SET", "rdbcompression", compression)
            keys = sorted(source.run("KEYS", "*"))
            self.assertGreater(len(keys), 25)
            for key in keys:
                dump = source.run("DUMP", key)
                self.assertEqual(target.run("RESTORE", key, 0, dump), b"OK", key)
                self.assertEqual(content(target, key), content(source, key))

    def test_values_move_to_redis(self):
        fill(self.client, 1)
        self.carry(self.client, self.oracle)

    def test_values_move_from_redis(self):
        fill(self.oracle, 2)
        self.carry(self.oracle, self.client)

    def test_values_come_back_as_they_were(self):
        fill(self.client, 3)
        for key in self.client.run("KEYS", "*"):
            dump = self.client.run("DUMP", key)
            self.assertEqual(self.client.run("RESTORE", b"copy", 0, dump, "REPLACE"), b"OK", key)
            self.assertEqual(content(self.client, b"copy"), content(self.client, key))

    def test_dumps_of_old_versions(self):
        for name, body in OLD_DUMPS.items():
            with self.subTest(name):
                for client in (self.oracle, self.client):
                    self.assertEqual(client.run("RESTORE", name, 0, sealed(body)), b"OK")
                self.assertEqual(content(self.client, name), content(self.oracle, name))

    def test_field_expiry_comes_back(self):
        for name, fields in (("small", 3), ("large", 1000)):
            run = self.client.run
            for field in range(fields):
                run("HSET", name, f"f{field}", "v")
            run("HPEXPIREAT", name, 4102444800000, "FIELDS", 1, "f1")
            run("HPEXPIREAT", name, 4102444800123, "FIELDS", 1, "f2")
            self.assertEqual(run("RESTORE", "copy", 0, run("DUMP", name), "REPLACE"), b"OK")
            self.assertEqual(content(self.client, "copy"), content(self.client, name))
            self.assertEqual(run("HPEXPIRETIME", "copy", "FIELDS", 3, "f0", "f1", "f2"),
                             [-1, 4102444800000, 4102444800123])

    def test_options_and_errors_are_those_of_redis(self):
        dump = sealed(b"\x00" + string(b"value"))
        far = "9999999999999"
        requests = (
            ("RESTORE", "k", 0, dump), ("RESTORE", "k", 0, dump),
            ("RESTORE", "k", 0, dump, "REPLACE"), ("RESTORE", "k", -1, dump, "REPLACE"),
            ("RESTORE", "k", "x", dump, "replace"), ("RESTORE", "new", 0, b"junk"),
            ("RESTORE", "new", 0, dump[:-1] + b"x"), ("RESTORE", "new", 0, sealed(b"\x63")),
            ("RESTORE", "new", 0, sealed(b"\x00\x3eabc")), ("RESTORE", "new", 0, sealed(b"")),
            ("RESTORE", "new", 0, sealed(b"\x04\x00")), ("RESTORE", "new", 0, dump, "IDLETIME"),
            ("RESTORE", "new", 0, dump, "IDLETIME", "-1"), ("RESTORE", "new", 0, dump, "FREQ", 256),
            ("RESTORE", "new", 0, dump, "FREQ", "x"), ("RESTORE", "new", 0, dump, "WHAT"),
            ("RESTORE", "new", 0, dump, "IDLETIME", 5, "FREQ", 5), ("EXISTS", "new"),
            ("RESTORE", "idle", 0, dump, "IDLETIME", 1000), ("RESTORE", "f", 0, dump, "FREQ", 3),
            ("RESTORE-ASKING", "asked", 0, dump), ("RESTORE-ASKING", "asked", 0, dump),
            ("RESTORE", "t", far, dump, "ABSTTL"), ("PEXPIRETIME", "t"),
            ("RESTORE", "t", 1, dump, "ABSTTL", "REPLACE"), ("EXISTS", "t"),
            ("RESTORE", "t", 1, dump, "ABSTTL"), ("EXISTS", "t"),
            ("RESTORE", "new", 0, sealed(b"\x00" + string(b"v"), version=99)),
            ("DUMP", "none"), ("DUMP",), ("RESTORE", "a", 0),
        )
        for request in requests:
            with self.subTest(str(request)):
                self.assertEqual(self.client.run(*request), self.oracle.run(*request))
        self.assertGreaterEqual(self.client.run("OBJECT", "IDLETIME", "idle"), 1000)
        self.client.run("RESTORE", "t", 5000, dump)
        self.assertLess(self.client.run("PTTL", "t") - 5000, 1)

    def test_damaged_dumps_are_refused_or_make_whole_values(self):
        fill(self.client, 4)
        rng = random.Random(5)
        run = self.client.run
        bodies = [run("DUMP", key)[:-10] for key in run("KEYS", "*")]
        bodies = [body for body in bodies if len(body) < 2000] + list(OLD_DUMPS.values())
        for _ in range(3000):
            body = bytearray(rng.choice(bodies))
            for _ in range(rng.randrange(1, 4)):
                body[rng.randrange(len(body))] = rng.randrange(256)
            reply = run("RESTORE", "damaged", 0, sealed(bytes(body)), "REPLACE")
            if reply == b"OK":
                self.assertNotIsInstance(content(self.client, "damaged")[1], ReplyError)
                self.assertIsInstance(run("DUMP", "damaged"), bytes)
            else:
                self.assertEqual(reply, ReplyError("ERR Bad data format"))


if __name__ == "__main__":
    unittest.main()
