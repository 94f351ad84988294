"""What administrators see of the tier below memory, and do: CACHE.TIER, CACHE.DEMOTE,
CACHE.PROMOTE, CACHE.MIGRATE, OBJECT TIER, INFO tiers."""

import signal
import unittest

from lower_tier import MEGABYTE, TierTest, run_all, value
from strata import ReplyError, ServerTest, wait_until


def as_map(flat):
    """A RESP2 reply that is a map in RESP3."""
    return dict(zip(flat[::2], flat[1::2]))


class TierCommandsTest(TierTest):
    MEMORY = 256 * MEGABYTE  # nothing has to go below

    def setUp(self):
        super().setUp()
        wait_until(lambda: self.status()[b"state"] == b"up", "all connections are there")

    def status(self):
        tiers = self.client.run("CACHE.TIER", "STATUS")
        self.assertEqual(len(tiers), 1)
        return as_map(tiers[0])

    def server_status(self):
        return as_map(self.status()[b"servers"][0])

    def info(self, *sections):
        lines = self.client.run("INFO", *sections).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if line.startswith("tier_"))

    def lies(self, key):
        return self.client.run("OBJECT", "TIER", key)

    def migrate(self, source, destination, pattern):
        """Runs a migration; its last status."""
        reply = self.client.run("CACHE.MIGRATE", "FROM", source, "TO", destination, "MATCH",
                                pattern)
        self.assertEqual(reply, b"OK")
        wait_until(lambda: self.progress()[b"state"] not in (b"running", b"waiting"), "it ends")
        return self.progress()

    def progress(self):
        return as_map(self.client.run("CACHE.MIGRATE", "STATUS"))


class OneByOne(TierCommandsTest):
    def test_values_are_sent_below_and_brought_back(self):
        run = self.client.run
        self.fill(100)
        self.assertEqual(self.lies("k1"), b"memory")
        self.assertIsNone(self.lies("nothing"))
        self.assertEqual(run("CACHE.DEMOTE", "k1", "k2", "nothing", "k3"), 3)
        self.assertEqual(self.below(), 3)
        self.assertEqual([self.lies(f"k{i}") for i in range(5)],
                         [b"memory", b"cold", b"cold", b"cold", b"memory"])
        self.assertEqual(self.lies("k1"), b"cold")  # to ask brings nothing
        self.assertEqual(run("CACHE.PROMOTE", "k1", "k2", "k50", "nothing"), 3)
        self.assertEqual([self.lies(f"k{i}") for i in range(4)],
                         [b"memory", b"memory", b"memory", b"cold"])
        self.check(100)
        self.assertEqual(self.lies("k3"), b"memory")

    def test_a_thousand_keys_go_with_one_command(self):
        self.fill(1000, size=20_000)  # more than may be under way at a time
        keys = [f"k{i}" for i in range(1000)]
        self.assertEqual(self.client.run("CACHE.DEMOTE", *keys), 1000)
        self.assertEqual(self.client.run("CACHE.DEMOTE", *keys), 1000)  # nothing is to be done
        self.assertEqual(self.below(), 1000)
        self.check(1000, size=20_000)

    def test_what_the_tier_does_not_take_stays(self):
        run = self.client.run
        run("SET", "small", "v")
        run("HSET", "timed", "f", "x" * 1000)
        run("HEXPIRE", "timed", 1000, "FIELDS", 1, "f")
        run("RPUSH", "list", *["x" * 100] * 20)
        self.assertEqual(run("CACHE.DEMOTE", "small", "timed", "list"), 1)
        self.assertEqual([self.lies(key) for key in ("small", "timed", "list")],
                         [b"memory", b"memory", b"cold"])

    def test_a_value_that_was_changed_goes_again(self):
        run = self.client.run
        for number in range(50):
            run_all(self.client, [("SET", "k", value(number)), ("CACHE.DEMOTE", "k"),
                                  ("OBJECT", "TIER", "k"), ("APPEND", "k", "x")])
            self.assertEqual(run("CACHE.DEMOTE", "k"), 1)
            self.assertEqual(run("GET", "k"), value(number) + b"x")

    def test_a_group_of_a_stream_is_a_change(self):
        run = self.client.run
        run("XADD", "stream", "1-1", "field", value(1))
        self.assertEqual(run("CACHE.DEMOTE", "stream"), 1)
        self.assertEqual(run("XGROUP", "CREATE", "stream", "group", 0), b"OK")
        self.assertEqual(run("CACHE.DEMOTE", "stream"), 1)
        run("XREADGROUP", "GROUP", "group", "consumer", "STREAMS", "stream", ">")
        self.assertEqual(run("CACHE.DEMOTE", "stream"), 1)
        self.assertEqual(run("XPENDING", "stream", "group")[0], 1)

    def test_pipelines_keep_their_order(self):
        replies = run_all(self.client, [
            ("SET", "k", value(1)), ("CACHE.DEMOTE", "k"), ("OBJECT", "TIER", "k"), ("GET", "k"),
            ("OBJECT", "TIER", "k"), ("CACHE.DEMOTE", "k"), ("OBJECT", "TIER", "k"), ("DEL", "k"),
            ("CACHE.DEMOTE", "k")])
        self.assertEqual(replies, [b"OK", 1, b"cold", value(1), b"memory", 1, b"cold", 1, 0])

    def test_clients_that_write_meanwhile_lose_nothing(self):
        self.fill(200)
        with self.server.client() as other:
            for round_number in range(20):
                other.send(b"".join(
                    b"*3\r\n$6\r\nAPPEND\r\n$%d\r\nk%d\r\n$1\r\nx\r\n" % (len(f"k{i}"), i)
                    for i in range(200)))
                self.client.run("CACHE.DEMOTE", *[f"k{i}" for i in range(200)])
                lengths = [other.reply() for _ in range(200)]
                self.assertEqual(lengths, [len(value(i)) + round_number + 1 for i in range(200)])
        for i in range(200):
            self.assertEqual(self.client.run("GET", f"k{i}"), value(i) + b"x" * 20)

    def test_a_tier_that_is_down_is_told(self):
        self.fill(10)
        self.assertEqual(self.client.run("CACHE.DEMOTE", "k1"), 1)
        self.tier.signal(signal.SIGKILL)
        self.tier.process.wait()
        wait_until(lambda: self.status()[b"state"] == b"down", "it is seen to be down")
        for command in ("CACHE.DEMOTE", "k2"), ("CACHE.PROMOTE", "k1"):
            reply = self.client.run(*command)
            self.assertIsInstance(reply, ReplyError)
            self.assertTrue(reply.args[0].startswith("TIERDOWN"), reply)
        self.assertEqual(self.lies("k1"), b"cold")
        server = self.server_status()
        self.assertEqual(server[b"links-up"], 0)
        self.assertNotEqual(server[b"last-error"], b"")
        self.assertEqual(self.info()["tier_state"], "down")

    def test_users_need_the_rights(self):
        run = self.client.run
        self.fill(2)
        run("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "-@dangerous")
        with self.server.client() as reader:
            reader.run("AUTH", "reader", "secret")
            self.assertEqual(reader.run("CACHE.PROMOTE", "k1"), 1)
            self.assertEqual(reader.run("OBJECT", "TIER", "k1"), b"memory")
            for command in (("CACHE.DEMOTE", "k1"), ("CACHE.MIGRATE", "CANCEL"),
                            ("CACHE.MIGRATE", "FROM", "memory", "TO", "cold", "MATCH", "*")):
                self.assertTrue(reader.run(*command).args[0].startswith("NOPERM"), command)


class Figures(TierCommandsTest):
    def test_status_and_info_tell_the_same(self):
        self.fill(100)
        keys = [f"k{i}" for i in range(100)]
        in_memory = sum(run_all(self.client, [("MEMORY", "USAGE", key) for key in keys]))
        self.client.run("CACHE.DEMOTE", *keys)
        self.client.run("GET", "k1")
        self.client.run("CACHE.DEMOTE", "k1")
        status = self.status()
        self.assertEqual((status[b"name"], status[b"kind"], status[b"state"]),
                         (b"cold", b"redis", b"up"))
        expected = {"keys": 100, "hits": 1, "promotions": 1, "demotions": 101,
                    "clean_demotions": 1, "superseded_stores": 0, "failed_loads": 0,
                    "failed_stores": 0, "lost_values": 0, "damaged_values": 0,
                    "unreadable_values": 0, "storing_bytes": 0, "owed_erasures": 0, "littered": 0}
        info = self.info("tiers")
        for name, number in expected.items():
            self.assertEqual(status[name.replace("_", "-").encode()], number, name)
            self.assertEqual(info[f"tier_{name}"], str(number), name)
        # Each is rounded to 512.
        self.assertAlmostEqual(status[b"bytes"], in_memory, delta=len(keys) * 280)
        server = as_map(status[b"servers"][0])
        self.assertEqual(server[b"address"], b"127.0.0.1:%d" % self.tier.port)
        self.assertEqual(server[b"breaker"], b"closed")
        self.assertIn(server[b"requests"], range(101, 110))  # the lease has some, too
        self.assertEqual((server[b"timeouts"], server[b"losses"]), (0, 0))
        self.assertGreater(server[b"links-up"], 0)
        self.assertGreater(server[b"latency-p50-us"], 0)
        self.assertGreaterEqual(status[b"latency-p99-us"], status[b"latency-p50-us"])
        self.assertIn(f"address=127.0.0.1:{self.tier.port},breaker=closed,", info["tier_server0"])
        for sections in (), ("all",), ("everything",), ("default",):
            self.assertEqual(self.info(*sections)["tier_keys"], "100", sections)
        self.assertEqual(self.info("memory"), {})

    def test_resp3_has_maps(self):
        self.client.send(b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*2\r\n$10\r\nCACHE.TIER\r\n"
                         b"$6\r\nSTATUS\r\n*1\r\n$4\r\nQUIT\r\n")
        replies = self.client.rest()
        self.assertRegex(replies, rb"\*1\r\n%\d+\r\n\$4\r\nname\r\n\$4\r\ncold\r\n")
        self.assertRegex(replies, rb"\$7\r\nservers\r\n\*1\r\n%13\r\n\$7\r\naddress\r\n")

    def test_what_the_tier_has_lost_is_counted(self):
        self.fill(10)
        self.client.run("CACHE.DEMOTE", "k1", "k2", "k3")
        with self.tier.client() as client:
            client.run("FLUSHALL")
        self.assertEqual(self.client.run("CACHE.PROMOTE", "k1", "k2"), 0)
        self.assertEqual(self.status()[b"lost-values"], 2)
        self.assertEqual(self.status()[b"keys"], 1)


class FullTier(TierCommandsTest):
    TIER_OPTIONS = ("--maxmemory-policy", "noeviction")

    def test_a_full_tier_takes_nothing_and_says_so(self):
        self.fill_tier()
        self.fill(10)
        self.assertEqual(self.client.run("CACHE.DEMOTE", "k1"), 0)
        status = self.status()
        self.assertEqual(status[b"failed-stores"], 1)
        self.assertEqual(self.lies("k1"), b"memory")
        self.check(10)


    def test_it_does_so_from_the_start(self):
        self.server.stop()
        self.fill_tier()
        self.start()
        wait_until(lambda: self.status()[b"state"] == b"full")
        self.fill(10)
        self.assertEqual(self.client.run("CACHE.DEMOTE", "k1"), 0)
        with self.tier.client() as client:
            client.run("CONFIG", "SET", "maxmemory", "0")
        wait_until(lambda: self.status()[b"state"] == b"up")
        self.assertEqual(self.client.run("CACHE.DEMOTE", "k1"), 1)

    def fill_tier(self):
        with self.tier.client() as client:
            client.run("CONFIG", "SET", "maxmemory", "1")


class Migration(TierCommandsTest):
    COUNT = 20_000

    def test_all_that_matches_goes_down_and_up(self):
        self.fill(self.COUNT)
        self.client.run("SET", "other", value(7))
        self.assertEqual(self.client.run("CACHE.MIGRATE", "STATUS"), [b"state", b"none"])
        end = self.migrate("memory", "cold", "k*")
        self.assertEqual(end[b"state"], b"done")
        self.assertEqual(end[b"moved-keys"], self.COUNT)
        self.assertEqual((end[b"refused-keys"], end[b"percent"]), (0, 100))
        self.assertGreaterEqual(end[b"looked-at-keys"], self.COUNT + 1)
        self.assertEqual((end[b"from"], end[b"to"], end[b"pattern"], end[b"database"]),
                         (b"memory", b"cold", b"k*", 0))
        self.assertEqual(self.below(), self.COUNT)
        self.assertEqual(self.status()[b"keys"], self.COUNT)
        self.assertEqual(self.lies("other"), b"memory")
        end = self.migrate("REDIS", "memory", "k1*")
        back = sum(str(i).startswith("1") for i in range(self.COUNT))
        self.assertEqual((end[b"state"], end[b"moved-keys"]), (b"done", back))
        self.assertEqual(self.status()[b"keys"], self.COUNT - back)
        self.assertEqual(self.status()[b"hits"], 0)
        self.check(self.COUNT)

    def test_it_stops_when_memory_is_full(self):
        self.fill(self.COUNT)
        self.migrate("memory", "redis", "*")
        self.client.run("CONFIG", "SET", "maxmemory", str(32 * MEGABYTE))
        end = self.migrate("redis", "memory", "*")
        self.assertEqual(end[b"state"], b"no-room")
        self.assertLess(end[b"moved-keys"], self.COUNT)
        self.check(self.COUNT)

    def test_one_at_a_time_while_others_write(self):
        self.fill(self.COUNT)
        self.tier.signal(signal.SIGSTOP)  # so that it cannot end
        migrate = ("CACHE.MIGRATE", "FROM", "memory", "TO", "cold", "MATCH", "*")
        self.assertEqual(self.client.run(*migrate), b"OK")
        second = self.client.run(*migrate)
        self.assertEqual(second, ReplyError("ERR a migration is under way: see CACHE.MIGRATE STATUS"))
        run_all(self.client, [("SET", f"k{i}", value(i + 1)) for i in range(500)])
        self.tier.signal(signal.SIGCONT)
        wait_until(lambda: self.progress()[b"state"] == b"done", "it ends")
        for i in range(500):
            self.assertEqual(self.client.run("GET", f"k{i}"), value(i + 1))
        wait_until(lambda: self.status()[b"owed-erasures"] == 0, "stale copies are erased")

    def test_it_can_be_cancelled(self):
        self.fill(1000)
        self.assertIsInstance(self.client.run("CACHE.MIGRATE", "CANCEL"), ReplyError)
        self.tier.signal(signal.SIGSTOP)
        self.client.run("CACHE.MIGRATE", "FROM", "memory", "TO", "cold", "MATCH", "*")
        self.assertEqual(self.client.run("CACHE.MIGRATE", "CANCEL"), b"OK")
        self.assertEqual(self.progress()[b"state"], b"cancelled")
        self.tier.signal(signal.SIGCONT)
        self.check(1000)

    def test_what_is_asked_for_wrongly_is_an_error(self):
        run = self.client.run
        places = ReplyError("ERR values migrate from memory to cold, or from cold to memory")
        for source, destination in (("memory", "warm"), ("cold", "redis"), ("memory", "memory")):
            self.assertEqual(run("CACHE.MIGRATE", "FROM", source, "TO", destination, "MATCH", "*"),
                             places)
        self.assertEqual(run("CACHE.MIGRATE", "FROM", "memory", "INTO", "cold", "MATCH", "*"),
                         ReplyError("ERR syntax error"))


class WithoutTier(ServerTest):
    def test_info_says_that_there_is_none(self):
        with self.server.client() as client:
            self.assertEqual(client.run("INFO", "tiers"), b"# Tiers\r\ntier_count:0\r\n")
            self.assertEqual(client.run("CACHE.DEMOTE", "k"),
                             ReplyError("ERR no tier is configured below memory"))


if __name__ == "__main__":
    unittest.main()
