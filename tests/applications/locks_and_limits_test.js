// redlock and rate-limiter-flexible: what a web service takes to keep its processes in step.
// usage: node locks_and_limits_test.js PORT
'use strict';

const assert = require('node:assert');
const { after, beforeEach, test } = require('node:test');
const Redis = require('ioredis');
const { RateLimiterQueue, RateLimiterRedis } = require('rate-limiter-flexible');
const Redlock = require('redlock');

const redis = new Redis(Number(process.argv[2]));
after(() => redis.quit());
beforeEach(() => redis.flushall());

test('a lock has one owner', async () => {
  const impatient = new Redlock([redis], { retryCount: 0 });
  const lock = await impatient.lock('resource', 60000);
  assert.strictEqual(await redis.get('resource'), lock.value);
  assert.ok(await redis.pttl('resource') > 50000);
  await assert.rejects(impatient.lock('resource', 60000), /LockError/);
  await lock.extend(100000);
  assert.ok(await redis.pttl('resource') > 60000);
  await lock.unlock();
  assert.strictEqual(await redis.exists('resource'), 0);
  await assert.rejects(lock.unlock(), /Unable to fully release the lock/);
});

test('only one is inside at a time', async () => {
  const patient = new Redlock([redis], { retryCount: -1, retryDelay: 2 });
  let inside = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 20 }, async () => {
    const lock = await patient.lock(['one', 'two'], 60000);
    most = Math.max(most, ++inside);
    await redis.incr('runs');
    inside--;
    await lock.unlock();
  }));
  assert.deepStrictEqual([most, await redis.get('runs')], [1, '20']);
});

test('a lock that nobody released ends by itself', async () => {
  const patient = new Redlock([redis], { retryCount: -1, retryDelay: 5 });
  const lost = await patient.lock('resource', 50);
  const next = await patient.lock('resource', 60000);
  await assert.rejects(lost.unlock(), /Unable to fully release the lock/);
  assert.strictEqual(await redis.get('resource'), next.value);
});

test('a limit of points', async () => {
  const limiter = new RateLimiterRedis({ storeClient: redis, points: 5, duration: 60 });
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => limiter.consume('me')));
  const passed = results.filter(({ status }) => status === 'fulfilled');
  assert.deepStrictEqual(passed.map(({ value }) => value.remainingPoints), [4, 3, 2, 1, 0]);
  const refused = results.find(({ status }) => status === 'rejected').reason;
  assert.ok(refused.msBeforeNext > 50000 && refused.msBeforeNext <= 60000);
  assert.strictEqual((await limiter.consume('another')).remainingPoints, 4);
  assert.strictEqual((await limiter.get('me')).consumedPoints, 8);
  await limiter.reward('another', 1);
  assert.strictEqual((await limiter.get('another')).remainingPoints, 5);
  await limiter.delete('me');
  assert.strictEqual(await limiter.get('me'), null);
});

test('a block after too much', async () => {
  const limiter = new RateLimiterRedis({
    storeClient: redis, keyPrefix: 'login', points: 1, duration: 1, blockDuration: 600,
  });
  await limiter.consume('me');
  await assert.rejects(limiter.consume('me'), ({ msBeforeNext }) => msBeforeNext > 590000);
  assert.ok(await redis.ttl('login:me') > 590);
});

test('a window opens again', async () => {
  const limiter = new RateLimiterRedis({ storeClient: redis, points: 2, duration: 1 });
  const queue = new RateLimiterQueue(limiter);
  await Promise.all([1, 2, 3].map(() => queue.removeTokens(1))); // the third waits for a window
  assert.strictEqual((await limiter.get('limiter')).consumedPoints, 1);
});
