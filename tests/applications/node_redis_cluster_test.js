// node-redis 6, as a client of a cluster.
// usage: node node_redis_cluster_test.js PORT…
'use strict';

const assert = require('node:assert');
const { after, before, beforeEach, test } = require('node:test');
const { createCluster } = require('redis');

const rootNodes = process.argv.slice(2).map((port) => ({ url: `redis://127.0.0.1:${port}` }));
const range = (count) => Array.from({ length: count }, (_, i) => i);
const keys = range(300).map((i) => `key:${i}`);

async function connectWith(options) {
  const cluster = createCluster({ rootNodes, ...options });
  cluster.on('error', () => {});
  await cluster.connect();
  return cluster;
}

let cluster;
before(async () => { cluster = await connectWith({ rootNodes: rootNodes.slice(0, 1) }); });
after(() => cluster.close());
const atAll = (run) => Promise.all(cluster.masters.map(
  async (master) => run(await cluster.nodeClient(master))));
beforeEach(() => atAll((client) => client.flushAll()));

// A client of the test's own.
async function connect(t, options = {}) {
  const mine = await connectWith(options);
  t.after(() => mine.destroy());
  return mine;
}

test('it knows all nodes', () => {
  const ports = cluster.masters.map((master) => `redis://127.0.0.1:${master.port}`);
  assert.deepStrictEqual(ports.sort(), rootNodes.map(({ url }) => url).sort());
});

test('keys of all nodes, pipelined', async () => {
  await Promise.all(keys.map((key, i) => cluster.set(key, i)));
  assert.deepStrictEqual(await Promise.all(keys.map((key) => cluster.get(key))),
    keys.map((_, i) => String(i)));
  const sizes = await atAll((client) => client.dbSize());
  assert.strictEqual(sizes.reduce((a, b) => a + b), keys.length);
  assert.ok(sizes.every((size) => size > 0));
  await assert.rejects(cluster.sUnion(['key:1', 'key:2']), /CROSSSLOT/);
  assert.deepStrictEqual(await cluster.mGet(['{key:1}a', '{key:1}b']), [null, null]);
});

test('transactions', async () => {
  for (const key of keys.slice(0, 50)) {
    assert.deepStrictEqual(await cluster.multi().incr(`{${key}}a`).incr(`{${key}}b`).exec(),
      [1, 1]);
  }
  await assert.rejects(cluster.multi().incr('key:1').incr('key:2').exec());
});

test('scripts', async () => {
  const script = "redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])";
  assert.deepStrictEqual(await Promise.all(keys.map(
    (key) => cluster.eval(script, { keys: [key], arguments: [key] }))), keys);
});

test('who waits is fed', async (t) => {
  for (const key of keys.slice(0, 10)) {
    const mine = await connect(t);
    const fed = mine.blPop(key, 0);
    await cluster.rPush(key, 'x');
    assert.deepStrictEqual({ ...await fed }, { key, element: 'x' });
  }
});

test('channels', async (t) => {
  const listener = await connect(t);
  let tell;
  const come = new Promise((resolve) => { tell = resolve; });
  await listener.subscribe('news', (message) => tell(message));
  // A message is told by the node that it was published at.
  await atAll((client) => client.publish('news', 'x'));
  assert.strictEqual(await come, 'x');
});

test('shard channels', async (t) => {
  const listener = await connect(t);
  const told = [];
  let tell;
  const come = new Promise((resolve) => { tell = resolve; });
  for (const channel of keys.slice(0, 10)) {
    await listener.sSubscribe(channel, () => {
      told.push(channel);
      if (told.length === 10) tell();
    });
  }
  for (const channel of keys.slice(0, 10)) await cluster.sPublish(channel, 'x');
  await come;
  assert.deepStrictEqual(told.sort(), keys.slice(0, 10).sort());
});

test('reading from replicas', async (t) => {
  const mine = await connect(t, { useReplicas: true });
  await Promise.all(keys.map((key) => mine.set(key, key)));
  assert.deepStrictEqual(await Promise.all(keys.map((key) => mine.get(key))), keys);
});
