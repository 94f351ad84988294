#!/usr/bin/python3
"""python3-redis in an event loop: redis.asyncio."""

import asyncio
import unittest

import redis.asyncio as redis

from application import TIMEOUT, Server, ServerTest


class Asyncio(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(*ServerTest.OPTIONS)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # unittest's choice, and slow
        self.redis = self.connect()
        await self.redis.flushall()

    def connect(self, **options):
        client = redis.Redis(port=self.server.port, socket_timeout=TIMEOUT, **options)
        self.addAsyncCleanup(client.close)
        return client

    async def blocked(self, count):
        """Waits until so many clients wait in a command."""
        while (await self.redis.info("clients"))["blocked_clients"] != count:
            await asyncio.sleep(0.01)

    async def test_commands(self):
        self.assertTrue(await self.redis.set("k", "v", px=60_000))
        self.assertEqual(await self.redis.get("k"), b"v")
        self.assertEqual(await self.redis.hset("h", mapping={"a": 1, "b": 2}), 2)
        self.assertEqual(await self.redis.hgetall("h"), {b"a": b"1", b"b": b"2"})
        with self.assertRaisesRegex(redis.ResponseError, "WRONGTYPE"):
            await self.redis.incr("h")

    async def test_many_tasks_share_a_pool(self):
        client = self.connect(max_connections=200)
        numbers = await asyncio.gather(*(client.incr("n") for _ in range(200)))
        self.assertEqual(sorted(numbers), list(range(1, 201)))

    async def test_pipelines_and_transactions(self):
        async with self.redis.pipeline(transaction=False) as pipeline:
            for i in range(1000):
                pipeline.set(f"k:{i}", i).get(f"k:{i}")
            replies = await pipeline.execute()
        self.assertEqual(replies[-2:], [True, b"999"])
        async with self.redis.pipeline() as pipeline:
            await pipeline.watch("n")
            await self.redis.set("n", 5)
            pipeline.multi()
            pipeline.incr("n")
            with self.assertRaises(redis.WatchError):
                await pipeline.execute()

    async def test_transactions_that_are_tried_again(self):
        async def increment(pipeline):
            n = int(await pipeline.get("n") or 0)
            pipeline.multi()
            pipeline.set("n", n + 1)

        async def work():
            for _ in range(20):
                await self.redis.transaction(increment, "n")

        await asyncio.gather(*(work() for _ in range(5)))
        self.assertEqual(await self.redis.get("n"), b"100")

    async def test_publish_and_subscribe(self):
        async with self.redis.pubsub(ignore_subscribe_messages=True) as subscriber:
            await subscriber.subscribe("news")
            await subscriber.psubscribe("w*")
            while await self.redis.publish("weather", "probe") == 0:
                await asyncio.sleep(0.01)
            for i in range(500):
                await self.redis.publish("news", i)
            heard = []
            async for message in subscriber.listen():
                heard.append(message)
                if message["data"] == b"499":
                    break
        self.assertEqual((heard[0]["pattern"], heard[0]["channel"]), (b"w*", b"weather"))
        self.assertEqual([int(message["data"]) for message in heard[1:]], list(range(500)))

    async def test_scripts(self):
        script = self.redis.register_script("return {KEYS[1], ARGV[1] * 2}")
        self.assertEqual(await script(keys=["k"], args=[21]), [b"k", 42])
        await self.redis.script_flush()
        self.assertEqual(await script(keys=["k"], args=[1]), [b"k", 2])

    async def test_a_lock_keeps_tasks_apart(self):
        inside, most = 0, 0

        async def work():
            nonlocal inside, most
            async with self.redis.lock("resource", timeout=60, sleep=0.001):
                inside += 1
                most = max(most, inside)
                await self.redis.incr("runs")
                inside -= 1

        await asyncio.gather(*(work() for _ in range(20)))
        self.assertEqual((most, await self.redis.get("runs")), (1, b"20"))

    async def test_commands_that_wait(self):
        waiting = asyncio.create_task(self.redis.blpop("queue"))
        await self.blocked(1)
        reading = asyncio.create_task(self.redis.xread({"log": "$"}, block=0))
        await self.blocked(2)
        await self.redis.rpush("queue", "value")
        number = await self.redis.xadd("log", {"k": "v"})
        self.assertEqual(await waiting, (b"queue", b"value"))
        self.assertEqual(await reading, [[b"log", [(number, {b"k": b"v"})]]])

    async def test_iterators(self):
        await self.redis.mset({f"key:{i}": i for i in range(1000)})
        await self.redis.sadd("s", *range(1000))
        keys = {key async for key in self.redis.scan_iter(match="key:*", count=100)}
        self.assertEqual(len(keys), 1000)
        self.assertEqual(len({member async for member in self.redis.sscan_iter("s")}), 1000)


if __name__ == "__main__":
    unittest.main()
