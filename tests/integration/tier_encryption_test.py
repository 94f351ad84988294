"""Values are encrypted in the tier below, and its keys are replaced while the server runs.

What lies in the lower redis-server is read there, and the heads of its envelopes
(storage/tiers/envelope.h) are decoded.
"""

import os
import pathlib
import random
import shutil
import struct
import tempfile
import unittest

import tiers_test
from strata import ReplyError, Server, wait_until
from tiers_test import run_all, value

ENCRYPTED = 2  # of an envelope's flags


def key_line(number):
    return f"{number}:{number % 16:x}".ljust(len(str(number)) + 65, "c")


class Head:
    """Of an envelope."""

    def __init__(self, envelope):
        (form, self.flags, self.codec, self.type, self.stamp, self.expiry_ms, self.payload_size,
         self.stored_size, self.dictionary_id, self.key_id, _) = struct.unpack_from(
             "<BBBBQQIIIII", envelope)
        if form != 0xe1:
            raise AssertionError(f"no envelope begins like this: {envelope[:40]}")


class KeysTest(tiers_test.TierTest):
    """Keys in a file, of which the first writes at the beginning."""

    COUNT = 50_000
    TIER_WORDS = "request-timeout 10000 compression-level 0"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="strata-keys-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.key_file = pathlib.Path(self.folder, "keys")
        self.write_keys(1)
        super().setUp()

    def write_keys(self, *numbers):
        self.key_file.write_text("# the last one writes\n" +
                                 "".join(key_line(number) + "\n" for number in numbers))

    def tier_words(self):
        return super().tier_words() + f" encryption-key-file {self.key_file}"

    def status(self):
        reply = self.client.run("CACHE.KEYS", "STATUS")
        return {name.decode(): item for name, item in zip(reply[::2], reply[1::2])}

    def rotate(self, *words):
        return self.client.run("CACHE.KEYS", "ROTATE", *words)

    def names_below(self):
        with self.tier.client() as client:
            return client.run("KEYS", "*:*:*:*:*")  # but for the owner's record

    def envelopes_below(self):
        """By name; in steps, since all together are many megabytes."""
        names = self.names_below()
        with self.tier.client() as client:
            for start in range(0, len(names), 500):
                some = names[start:start + 500]
                for name, envelope in zip(some, client.run("MGET", *some)):
                    if envelope is not None:
                        yield name, envelope

    def key_ids_below(self):
        return {Head(envelope).key_id for _, envelope in self.envelopes_below()}

    def wait_for_reencryption(self):
        wait_until(lambda: self.status()["re-encryption"] == b"done", "re-encryption is done")


class Encrypted(KeysTest):
    def test_nothing_below_can_be_read_and_everything_comes_back(self):
        self.fill(self.COUNT)
        count = 0
        runs = [bytes([letter]) * 8 for letter in range(97, 97 + 26)]
        for _, envelope in self.envelopes_below():
            head = Head(envelope)
            self.assertEqual((head.flags, head.codec, head.key_id), (ENCRYPTED, 0, 1))
            # A value is a number and one letter many times.
            self.assertFalse(any(run in envelope for run in runs))
            count += 1
        self.assertGreater(count, self.COUNT // 4)
        self.check(self.COUNT)

    def test_neither_replies_nor_the_log_show_a_key(self):
        self.fill(1000)
        self.write_keys(1, 2)
        self.assertEqual(self.rotate(), b"OK")
        shown = repr([self.client.run("CONFIG", "GET", "*"), self.status(),
                      self.client.run("INFO", "everything")]) + self.server.log()
        self.assertIn(str(self.key_file), shown)
        self.assertNotIn("c" * 16, shown)

    def test_damaged_and_cut_envelopes_are_misses(self):
        self.fill(self.COUNT)
        chance = random.Random(1)
        names = sorted(self.names_below())[::50]
        spoiled = set()
        with self.tier.client() as tier:
            for name in names:
                envelope = bytearray(tier.run("GET", name))
                if chance.random() < 0.5:
                    envelope[chance.randrange(len(envelope))] ^= 1 << chance.randrange(8)
                else:
                    del envelope[chance.randrange(len(envelope)):]
                self.assertEqual(tier.run("SET", name, bytes(envelope)), b"OK")
                spoiled.add(int(name.rpartition(b":k")[2]))
            # One under the name of another is none either.
            self.assertEqual(tier.run("COPY", names[0], names[1], "REPLACE"), 1)
        missing = set()
        for start in range(0, self.COUNT, 500):
            numbers = range(start, start + 500)
            for i, reply in zip(numbers, run_all(self.client, [("GET", f"k{i}") for i in numbers])):
                self.assertIn(reply, (None, value(i)))
                if reply is None:
                    missing.add(i)
        self.assertEqual(missing - spoiled, set())
        # The values of some were still here.
        self.assertGreater(len(missing), len(spoiled) // 2)
        self.assertEqual(self.client.run("DBSIZE"), self.COUNT - len(missing))


class Compressed(KeysTest):
    TIER_WORDS = "request-timeout 10000 compression-level 3 compression-threshold 1kb"

    def test_values_from_the_threshold_on_are_compressed_before_they_are_encrypted(self):
        small = {f"small{i}": value(i, 500) for i in range(20_000)}
        keys = list(small)
        for start in range(0, len(keys), 500):
            run_all(self.client, [("SET", key, small[key]) for key in keys[start:start + 500]])
        self.fill(self.COUNT)
        seen = set()
        for name, envelope in self.envelopes_below():
            head = Head(envelope)
            is_small = b":small" in name
            self.assertEqual((head.flags, head.codec), (ENCRYPTED, 0 if is_small else 1))
            self.assertEqual(head.stored_size < head.payload_size, not is_small)
            seen.add(is_small)
        self.assertEqual(seen, {True, False})
        self.check(self.COUNT)
        for start in range(0, len(keys), 500):
            some = keys[start:start + 500]
            self.assertEqual(run_all(self.client, [("GET", key) for key in some]),
                             [small[key] for key in some])


class Plain(tiers_test.TierTest):
    """That what the tests above look for can be found."""

    TIER_WORDS = "request-timeout 10000 compression-level 0"

    def test_without_keys_values_can_be_read_below(self):
        self.fill(40_000)
        with self.tier.client() as tier:
            name = tier.run("RANDOMKEY")
            envelope = tier.run("GET", name)
        self.assertEqual((Head(envelope).flags, Head(envelope).key_id), (0, 0))
        self.assertIn(value(int(name.rpartition(b":k")[2])), envelope)
        self.assertIn("no tier whose values", self.client.run("CACHE.KEYS", "STATUS").args[0])


class Rotation(KeysTest):
    def work(self, model, chance, until):
        """Writes, reads and deletes, and compares with the model, until until()."""
        while not until():
            for _ in range(10):
                self._work_once(model, chance)

    def _work_once(self, model, chance):
        commands, expected = [], []
        for _ in range(100):
            key = f"k{chance.randrange(self.COUNT)}"
            kind = chance.random()
            if kind < 0.15:
                model[key] = value(chance.randrange(1 << 20))
                commands.append(("SET", key, model[key]))
                expected.append(b"OK")
            elif kind < 0.2:
                commands.append(("DEL", key))
                expected.append(int(model.pop(key, None) is not None))
            elif kind < 0.25 and key in model:
                model[key] += b"+"
                commands.append(("APPEND", key, "+"))
                expected.append(len(model[key]))
            else:
                commands.append(("GET", key))
                expected.append(model.get(key))
        self.assertEqual(run_all(self.client, commands), expected)

    def test_keys_are_rotated_under_load(self):
        self.fill(self.COUNT)
        model = {f"k{i}": value(i) for i in range(self.COUNT)}
        chance = random.Random(2)
        self.assertEqual(self.key_ids_below(), {1})
        for number in (2, 3):
            self.write_keys(number - 1, number)
            self.assertEqual(self.rotate(), b"OK")
            self.work(model, chance, lambda: self.status()["re-encryption"] == b"done")
            # What is owed to the tier as an erasure is of no value any more.
            wait_until(lambda number=number: self.key_ids_below() == {number},
                       "all below is of the new key")
            status = self.status()
            self.assertEqual(status["writing"], number)
            self.assertEqual(status["keys-left"], 0)
            self.assertEqual(status["unknown-key-envelopes"], 0)
            self.assertGreater(status["copies-rewritten"], 0)
        self.write_keys(3)
        self.assertEqual(self.rotate(), b"OK")
        self.assertEqual(self.status()["readable"], [3])
        keys = list(model)
        for start in range(0, len(keys), 500):
            some = keys[start:start + 500]
            self.assertEqual(run_all(self.client, [("GET", key) for key in some]),
                             [model[key] for key in some])

    def test_the_key_that_writes_can_be_chosen(self):
        self.write_keys(1, 2, 3)
        self.assertEqual(self.rotate("ID", 2), b"OK")
        status = self.status()
        self.assertEqual((status["readable"], status["writing"]), ([1, 2, 3], 2))
        self.assertEqual(self.rotate("ID", 9), ReplyError(
            f"ERR encryption-key-file {self.key_file}: there is no key 9, which is to write"))
        self.assertEqual(self.status()["writing"], 2)


class LostKeys(KeysTest):
    def test_a_file_that_cannot_be_used_leaves_the_keys_as_they_are(self):
        self.fill(self.COUNT)
        self.key_file.unlink()
        self.assertEqual(self.rotate(), ReplyError(
            f"ERR encryption-key-file {self.key_file}: No such file or directory"))
        self.key_file.write_text(key_line(1) + "\n2:" + "c" * 63 + "\n")
        reply = self.rotate()
        self.assertIn("line 2", reply.args[0])
        self.assertNotIn("cccc", reply.args[0])
        self.key_file.write_text("1:" + "d" * 64)
        self.assertIn("key 1 is another one", self.rotate("FORCE").args[0])
        status = self.status()
        self.assertEqual((status["readable"], status["re-encryption"]), ([1], b"none"))
        self.check(self.COUNT)

    def test_values_of_a_key_that_is_gone_wait_for_it(self):
        self.fill(self.COUNT)
        self.write_keys(2)
        self.assertIn("key 1 is gone", self.rotate().args[0])
        self.assertEqual(self.status()["readable"], [1])
        self.assertEqual(self.rotate("FORCE"), b"OK")
        refused = 0
        for i, reply in enumerate(run_all(self.client, [("GET", f"k{i}") for i in range(200)])):
            if isinstance(reply, ReplyError):
                self.assertTrue(reply.args[0].startswith("TIERDOWN"), reply)
                refused += 1
            else:
                self.assertEqual(reply, value(i))
        self.assertGreater(refused, 0)
        self.wait_for_reencryption()
        self.assertGreaterEqual(self.status()["unknown-key-envelopes"], refused)
        self.assertEqual(self.client.run("DBSIZE"), self.COUNT)
        self.write_keys(1, 2)
        self.assertEqual(self.rotate(), b"OK")
        self.check(self.COUNT)
        self.wait_for_reencryption()
        self.assertEqual(self.key_ids_below(), {2})


class Start(unittest.TestCase):
    """The address is one where nobody listens."""

    WORDS = ("--tier", "cold", "address", "127.0.0.1:1")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="strata-keys-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.key_file = pathlib.Path(self.folder, "keys")

    def assert_refused(self, reason, *words):
        with self.assertRaises(AssertionError) as caught:
            Server(*self.WORDS, *words).close()
        self.assertIn(reason, str(caught.exception))
        self.assertNotIn("cccc", str(caught.exception))

    def test_keys_that_cannot_be_used_are_named_by_file_and_line(self):
        words = ("encryption-key-file", str(self.key_file))
        place = f"tier 'cold': encryption-key-file {self.key_file}: "
        self.assert_refused(place + "No such file or directory", *words)
        self.key_file.write_text(f"{key_line(1)}\n# {'c' * 64}\n2:{'c' * 65}\n")
        self.assert_refused(place + "line 3: a key is 32 bytes", *words)
        self.key_file.write_text("")
        self.assert_refused(place + "there is no key", *words)
        self.key_file.write_text(key_line(1))
        self.assert_refused(place + "there is no key 2, which is to write", *words,
                            "encryption-key-id", "2")
        self.key_file.write_text("#" * 70_000)
        self.assert_refused(place + "it has more than 65536 bytes", *words)

    def test_keys_of_the_environment_stay_as_they_are(self):
        words = ("encryption-key-env", "STRATA_TEST_KEYS")
        self.assert_refused("tier 'cold': encryption-key-env STRATA_TEST_KEYS: there is no such "
                            "variable", *words)
        os.environ["STRATA_TEST_KEYS"] = key_line(7) + "\n" + key_line(8)
        self.addCleanup(os.environ.pop, "STRATA_TEST_KEYS")
        server = Server(*self.WORDS, *words, "encryption-key-id", "7")
        self.addCleanup(server.close)
        with server.client() as client:
            status = client.run("CACHE.KEYS", "STATUS")
            self.assertEqual(status[:8], [b"tier", b"cold", b"source",
                                          b"environment STRATA_TEST_KEYS", b"readable", [7, 8],
                                          b"writing", 7])
            self.assertIn("cannot change while the server runs",
                          client.run("CACHE.KEYS", "ROTATE").args[0])

    def test_a_relative_path_is_that_of_where_the_server_was_started(self):
        self.key_file.write_text(key_line(1))
        relative = os.path.join("..", os.path.basename(self.folder), "keys")
        server = Server(*self.WORDS, "encryption-key-file", relative, "--dir", "/")
        self.addCleanup(server.close)
        with server.client() as client:
            self.assertEqual(client.run("CACHE.KEYS", "ROTATE"), b"OK")


if __name__ == "__main__":
    unittest.main()
