#!/usr/bin/python3
"""Publish and subscribe over sockets: order, slow subscribers, vanished ones, invalidations."""

import threading
import unittest

from strata import Client, ServerTest, encode, wait_until


def subscriber(server, *channels, receive_bytes=None):
    client = Client(server.port, receive_bytes=receive_bytes)
    for channel in channels:
        client.send(encode("SUBSCRIBE", channel))
        client.reply()
    return client


class PubsubTest(ServerTest):
    OPTIONS = ("--io-threads", "4")

    def wait_for_subscribers(self, admin, channel, count):
        wait_until(lambda: admin.run("PUBSUB", "NUMSUB", channel) == [channel.encode(), count],
                   f"{channel} has {count} subscribers")

    def test_each_publishers_messages_arrive_in_order(self):
        publishers, messages = 4, 1000
        listeners = [subscriber(self.server, "c") for _ in range(6)]

        def publish(number):
            with self.server.client() as client:
                client.send(b"".join(encode("PUBLISH", "c", f"{number}:{i}")
                                     for i in range(messages)))
                for _ in range(messages):
                    assert client.reply() == len(listeners)

        threads = [threading.Thread(target=publish, args=(n,)) for n in range(publishers)]
        for thread in threads:
            thread.start()
        heard = []
        for listener in listeners:
            sequence = []
            for _ in range(publishers * messages):
                kind, channel, message = listener.reply()
                self.assertEqual((kind, channel), (b"message", b"c"))
                sequence.append(message)
            heard.append(sequence)
            listener.close()
        for thread in threads:
            thread.join()
        for number in range(publishers):
            mine = [m for m in heard[0] if m.startswith(b"%d:" % number)]
            self.assertEqual(mine, [b"%d:%d" % (number, i) for i in range(messages)])
        for sequence in heard[1:]:
            self.assertEqual(sequence, heard[0], "all see a channel's messages in one order")

    def test_a_subscriber_that_never_reads_is_closed_and_others_are_not(self):
        payload = b"x" * 10_000
        with self.server.client() as admin:
            admin.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
            slow = subscriber(self.server, "c", receive_bytes=4096)
            fast = subscriber(self.server, "c")
            sent = 0
            while admin.run("PUBSUB", "NUMSUB", "c") == [b"c", 2]:
                self.assertIn(admin.run("PUBLISH", "c", b"%d " % sent + payload), (1, 2))
                kind, channel, message = fast.reply()
                self.assertEqual(message, b"%d " % sent + payload)
                sent += 1
                self.assertLess(sent, 20_000, "200 MB were not too much")
            self.wait_for_subscribers(admin, "c", 1)
            self.assertEqual(admin.run("PUBLISH", "c", "last"), 1)
            self.assertEqual(fast.reply()[2], b"last")
            self.assertLess(len(slow.rest()), sent * len(payload))
            slow.close()
            fast.close()
            admin.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60")

    def test_a_subscriber_over_the_soft_limit_for_too_long_is_closed(self):
        with self.server.client() as admin:
            admin.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 1mb 1")
            slow = subscriber(self.server, "soft", receive_bytes=4096)
            for _ in range(12):
                admin.run("PUBLISH", "soft", b"x" * 1_000_000)
            self.wait_for_subscribers(admin, "soft", 0)
            slow.close()
            admin.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60")

    def test_subscribers_that_vanish_leave_nothing_behind(self):
        with self.server.client() as admin:
            clients = [subscriber(self.server, "gone", f"own:{i}") for i in range(100)]
            self.assertEqual(admin.run("PUBSUB", "NUMSUB", "gone"), [b"gone", 100])
            for client in clients:
                client.close()
            self.wait_for_subscribers(admin, "gone", 0)
            wait_until(lambda: admin.run("PUBSUB", "CHANNELS", "own:*") == [], "all are gone")

    def test_a_subscriber_may_be_quiet_for_longer_than_the_timeout(self):
        with self.server.client() as admin:
            listener = subscriber(self.server, "quiet")
            idle = self.server.client()
            admin.run("CONFIG", "SET", "timeout", "1")
            self.assertEqual(idle.rest(), b"")  # closed
            idle.close()
        with self.server.client() as admin:
            admin.run("CONFIG", "SET", "timeout", "0")
            self.assertEqual(admin.run("PUBLISH", "quiet", "still there"), 1)
            self.assertEqual(listener.reply()[2], b"still there")
            listener.close()

    def test_expiry_is_told_without_anybody_looking(self):
        with self.server.client() as admin:
            admin.run("CONFIG", "SET", "notify-keyspace-events", "Ex")
            listener = subscriber(self.server, "__keyevent@0__:expired")
            keys = [f"key:{i}" for i in range(50)]
            for key in keys:
                admin.run("SET", key, "v", "PX", "30")
            expired = sorted(listener.reply()[2].decode() for _ in keys)
            self.assertEqual(expired, sorted(keys))
            listener.close()
            admin.run("CONFIG", "SET", "notify-keyspace-events", "")

    def test_invalidations_reach_another_connection(self):
        with self.server.client() as reader, self.server.client() as writer:
            with self.server.client() as target:
                target_id = target.run("CLIENT", "ID")
                target.run("SUBSCRIBE", "__redis__:invalidate")
                self.assertEqual(reader.run("CLIENT", "TRACKING", "ON", "REDIRECT", target_id),
                                 b"OK")
                writer.run("SET", "k", "1")
                for value in range(2, 200):
                    self.assertEqual(reader.run("GET", "k"), b"%d" % (value - 1))
                    writer.run("SET", "k", value)
                    self.assertEqual(target.reply(),
                                     [b"message", b"__redis__:invalidate", [b"k"]])


if __name__ == "__main__":
    unittest.main()
