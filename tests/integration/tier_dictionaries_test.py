"""Dictionaries that are made of values on their way to the tier below, and kept there beside them.

What lies in the lower redis-server is read there, and the heads of its envelopes are decoded.
"""

import random
import statistics
import unittest

from lower_tier import run_all
from strata import wait_until
from tier_encryption_test import Head, KeysTest

WITH_DICTIONARY = 2  # an envelope's codec
WORDS = ("river stone market garden window letter copper silver summer winter orange yellow castle "
         "harbor forest planet bridge camera doctor engine").split()


def profile(number):
    """A document of 300 to 1000 bytes, alike in form to others, and always the same."""
    chance = random.Random(number)

    def word():
        return chance.choice(WORDS)

    text = ('{"user_id":%d,"name":"%s %s%d","email":"%s%d@example.org","token":"%032x","cart":['
            % (number, word(), word(), chance.randrange(100_000), word(),
               chance.randrange(100_000), chance.getrandbits(128)))
    size = chance.randrange(300, 900)
    while len(text) < size:
        text += ('{"sku":"%d","title":"%s %s","price":%d,"quantity":%d},'
                 % (chance.randrange(100_000), word(), word(), chance.randrange(10_000),
                    chance.randrange(9)))
    return (text + "{}]}").encode()


class DictionariesTest(KeysTest):
    """Encrypted, as KeysTest is. All values go below when they are told to."""

    SAMPLE = 1500  # enough for a dictionary
    TIER_WORDS = "request-timeout 10000 compression-dictionaries yes"
    OPTIONS = ("--class", "profiles", "match", "profile:*")

    def figure(self, name):
        return tier_figure(self.client, name)

    def put(self, numbers):
        """Writes these documents and sends them below."""
        keys = [f"profile:{number}" for number in numbers]
        replies = run_all(self.client, [("SET", f"profile:{number}", profile(number))
                                        for number in numbers])
        self.assertEqual(replies, [b"OK"] * len(keys))
        for start in range(0, len(keys), 500):
            some = keys[start:start + 500]
            wait_until(lambda some=some: self.client.run("CACHE.DEMOTE", *some) == len(some),
                       "they are below")

    def check_documents(self, numbers, missing=frozenset()):
        replies = run_all(self.client, [("GET", f"profile:{number}") for number in numbers])
        expected = [None if number in missing else profile(number) for number in numbers]
        self.assertEqual(replies, expected)

    def heads(self, numbers):
        """Of the envelopes of these documents."""
        wanted = {b"profile:%d" % number for number in numbers}
        return [Head(envelope) for name, envelope in self.envelopes_below()
                if name.partition(b":profile:")[1] and name.split(b":", 4)[4] in wanted]

    def dictionary_names(self):
        with self.tier.client() as tier:
            return tier.run("KEYS", "*:dict:*")

    def make_dictionary(self):
        """Documents of which one is made; it is in use then."""
        self.put(range(self.SAMPLE))
        wait_until(self.dictionary_names, "a dictionary is stored")
        wait_until(self.is_used, "the dictionary is used")

    def is_used(self):
        before = self.figure("dictionary-values")
        self.put(range(1_000_000, 1_000_001))
        self.client.run("DEL", "profile:1000000")
        return self.figure("dictionary-values") > before


def tier_figure(client, name):
    reply = client.run("CACHE.TIER", "STATUS")[0]
    return dict(zip(reply[::2], reply[1::2]))[name.encode()]


class Made(DictionariesTest):
    def test_values_of_a_class_take_less_with_a_dictionary(self):
        self.make_dictionary()
        self.assertEqual(self.figure("dictionaries"), 1)
        self.assertIn("was made for values that go to the tier", self.server.log())
        before, after = range(self.SAMPLE), range(10_000, 12_000)
        self.put(after)
        with_dictionary = self.heads(after)
        self.assertEqual(len(with_dictionary), len(after))
        self.assertEqual({head.codec for head in with_dictionary}, {WITH_DICTIONARY})
        mean_before, mean_after = [
            statistics.mean(head.stored_size / head.payload_size for head in heads)
            for heads in (self.heads(before), with_dictionary)]
        self.assertLess(mean_after, 0.7 * mean_before)
        self.assertGreaterEqual(self.figure("dictionary-values"), len(after))
        self.assertLess(self.figure("packed-bytes"), self.figure("payload-bytes"))
        self.check_documents(before)
        self.check_documents(after)

    def test_another_class_does_not_use_it(self):
        self.make_dictionary()
        self.client.run("SET", "other:1", profile(1))
        self.client.run("CACHE.DEMOTE", "other:1")
        [codec] = [Head(envelope).codec for name, envelope in self.envelopes_below()
                   if name.endswith(b":other:1")]
        self.assertNotEqual(codec, WITH_DICTIONARY)

    def test_counters_can_be_set_back(self):
        self.make_dictionary()
        self.check_documents(range(100))
        counters = ("hits", "promotions", "demotions", "stored-bytes", "loaded-bytes",
                    "payload-bytes", "packed-bytes", "dictionary-values")
        for name in counters:
            self.assertGreater(self.figure(name), 0, name)
        keys = self.figure("keys")
        self.assertEqual(self.client.run("CONFIG", "RESETSTAT"), b"OK")
        for name in counters:
            self.assertEqual(self.figure(name), 0, name)
        self.assertEqual((self.figure("keys"), self.figure("dictionaries")), (keys, 1))
        self.assertLess(self.status_of_tier()["servers"][0]["requests"], 100)
        self.check_documents(range(self.SAMPLE))

    def status_of_tier(self):
        status = dict(zip(*[iter(self.client.run("CACHE.TIER", "STATUS")[0])] * 2))
        servers = [{name.decode(): item for name, item in zip(server[::2], server[1::2])}
                   for server in status[b"servers"]]
        return {"servers": servers}


class Kept(DictionariesTest):
    def test_it_is_encrypted_and_follows_the_keys(self):
        self.make_dictionary()
        self.put(range(10_000, 11_000))
        self.assertEqual(self.key_ids_below(), {1})
        with self.tier.client() as tier:
            envelope = tier.run("GET", self.dictionary_names()[0])
        self.assertNotIn(b'"quantity":', envelope)
        self.write_keys(1, 2)
        self.assertEqual(self.rotate(), b"OK")
        self.wait_for_reencryption()
        self.assertEqual(self.key_ids_below(), {2})
        self.write_keys(2)
        self.assertEqual(self.rotate(), b"OK")
        self.wait_for_reencryption()
        self.check_documents(range(self.SAMPLE))
        self.check_documents(range(10_000, 11_000))

    def test_a_tier_that_drops_it_gets_it_again(self):
        self.make_dictionary()
        numbers = range(10_000, 11_000)
        self.put(numbers)
        [name] = self.dictionary_names()
        with self.tier.client() as tier:
            before = tier.run("GET", name)
            self.assertEqual(tier.run("DEL", name), 1)
        self.check_documents(numbers)  # this server knows it
        wait_until(self.dictionary_names, "it is stored again")
        with self.tier.client() as tier:
            self.assertEqual(len(tier.run("GET", name)), len(before))
            self.assertEqual(tier.run("SET", name, b"something else"), b"OK")
            wait_until(lambda: len(tier.run("GET", name)) == len(before), "it is stored again")
        wait_until(self.is_used, "it is used again")

    def test_a_tier_that_comes_back_empty_gets_it_again(self):
        self.make_dictionary()
        lost, new = range(10_000, 10_500), range(20_000, 20_500)
        self.put(lost)
        self.tier.process.kill()
        self.tier.process.wait()
        self.tier.start()
        wait_until(self.dictionary_names, "it is stored again")
        wait_until(self.is_used, "it is used again")
        self.put(new)
        self.assertEqual({head.codec for head in self.heads(new)}, {WITH_DICTIONARY})
        self.check_documents(lost, missing=frozenset(lost))
        self.check_documents(new)

    def test_it_goes_with_its_generation(self):
        self.make_dictionary()
        old = set(self.dictionary_names())
        self.server.stop()
        self.start()
        wait_until(lambda: not old & set(self.dictionary_names()), "the old one is erased")
        self.make_dictionary()
        self.put(range(10_000, 10_100))
        self.check_documents(range(10_000, 10_100))


if __name__ == "__main__":
    unittest.main()
