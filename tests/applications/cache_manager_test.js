// cache-manager, with the store for Redis that it recommends (@keyv/redis).
// usage: node cache_manager_test.js PORT
'use strict';

const assert = require('node:assert');
const { after, beforeEach, test } = require('node:test');
const { createKeyv, default: KeyvRedis } = require('@keyv/redis');
const { createCache } = require('cache-manager');
const Redis = require('ioredis');
const { Keyv } = require('keyv');

const url = `redis://127.0.0.1:${process.argv[2]}`;
const admin = new Redis(url);
after(() => admin.quit());
beforeEach(() => admin.flushall());

function open(t, options = {}) {
  const cache = createCache({ stores: [createKeyv(url)], ...options });
  t.after(() => cache.disconnect());
  return cache;
}

async function until(condition) {
  while (!await condition());
}

test('values of every kind', async (t) => {
  const cache = open(t);
  for (const value of ['text', 17, true, { deep: [1, { er: 'é' }] }, [], 'x'.repeat(100000)]) {
    await cache.set('k', value);
    assert.deepStrictEqual(await cache.get('k'), value);
  }
  assert.strictEqual(await cache.get('none'), undefined);
  assert.strictEqual(await admin.dbsize(), 1);
});

test('a time to live', async (t) => {
  const cache = open(t, { ttl: 50000 });
  await cache.set('usual', 1);
  await cache.set('own', 2, 10000);
  assert.ok(await admin.pttl('usual') > 40000);
  assert.ok(await admin.pttl('own') <= 10000 && await admin.pttl('own') > 0);
  assert.ok(await cache.ttl('own') > Date.now());
  await cache.set('short', 3, 20);
  await until(async () => await cache.get('short') === undefined);
});

test('many at once', async (t) => {
  const cache = open(t);
  const all = Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: i, ttl: 60000 }));
  await cache.mset(all);
  assert.deepStrictEqual(await cache.mget(['k7', 'none', 'k99']), [7, undefined, 99]);
  assert.ok(await admin.pttl('k7') > 50000);
  assert.strictEqual(await cache.mdel(['k7', 'k8']), true);
  assert.deepStrictEqual(await cache.mget(['k7', 'k8', 'k9']), [undefined, undefined, 9]);
  await cache.clear();
  assert.strictEqual(await admin.dbsize(), 0);
});

test('a wrapped function runs once', async (t) => {
  const cache = open(t);
  let runs = 0;
  const load = () => cache.wrap('answer', async () => ({ n: 42, runs: ++runs }), 60000);
  const answers = await Promise.all([load(), load(), load()]);
  assert.deepStrictEqual([...answers, await load()], Array(4).fill({ n: 42, runs: 1 }));
  await cache.del('answer');
  assert.deepStrictEqual(await load(), { n: 42, runs: 2 });
});

test('two caches share what is in the server', async (t) => {
  const [one, other] = [open(t), open(t)];
  await one.set('k', { from: 'one' });
  assert.deepStrictEqual(await other.get('k'), { from: 'one' });
  await other.del('k');
  assert.strictEqual(await one.get('k'), undefined);
});

test('a tier of memory above', async (t) => {
  const tiers = open(t, { stores: [new Keyv(), createKeyv(url)] });
  await tiers.set('k', 'v');
  await admin.flushall();
  assert.strictEqual(await tiers.get('k'), 'v'); // from memory
  const below = open(t);
  await below.set('other', 'w');
  assert.strictEqual(await tiers.get('other'), 'w'); // from the server
});

test('namespaces', async (t) => {
  const [a, b] = ['a', 'b'].map((namespace) => {
    const store = new Keyv({ store: new KeyvRedis(url), namespace, useKeyPrefix: false });
    t.after(() => store.disconnect());
    return store;
  });
  for (let i = 0; i < 50; i++) await a.set(`k${i}`, i);
  await b.set('k1', 'b');
  const found = [];
  for await (const [key, value] of a.iterator()) found.push(`${key}=${value}`);
  assert.strictEqual(new Set(found).size, 50);
  await a.clear();
  assert.deepStrictEqual(await admin.keys('*'), ['b::k1']);
  assert.deepStrictEqual([await a.get('k1'), await b.get('k1')], [undefined, 'b']);
});
