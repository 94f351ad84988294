// ioredis, as a client of a cluster.
// usage: node ioredis_cluster_test.js PORT…
'use strict';

const assert = require('node:assert');
const { after, before, beforeEach, test } = require('node:test');
const Redis = require('ioredis');

const nodes = process.argv.slice(2).map((port) => ({ host: '127.0.0.1', port: Number(port) }));
const range = (count) => Array.from({ length: count }, (_, i) => i);
const keys = range(300).map((i) => `key:${i}`);

const cluster = new Redis.Cluster(nodes.slice(0, 1));
before(() => new Promise((resolve) => { cluster.once('ready', resolve); }));
after(() => cluster.disconnect());
beforeEach(() => Promise.all(cluster.nodes('master').map((node) => node.flushall())));

// A client of the test's own.
function connect(t, options = {}) {
  const mine = new Redis.Cluster(nodes.slice(1), options);
  t.after(() => mine.disconnect());
  return mine;
}

test('it knows all nodes', () => {
  const ports = cluster.nodes('master').map((node) => node.options.port);
  assert.deepStrictEqual(ports.sort(), nodes.map((node) => node.port).sort());
});

test('keys of all nodes', async () => {
  await Promise.all(keys.map((key, i) => cluster.set(key, i)));
  assert.deepStrictEqual(await Promise.all(keys.map((key) => cluster.get(key))),
    keys.map((_, i) => String(i)));
  const sizes = await Promise.all(cluster.nodes('master').map((node) => node.dbsize()));
  assert.strictEqual(sizes.reduce((a, b) => a + b), keys.length);
  assert.ok(sizes.every((size) => size > 0));
  await assert.rejects(cluster.mget('key:1', 'key:2'), /^ReplyError: CROSSSLOT/);
  assert.deepStrictEqual(await cluster.mget('{key:1}a', '{key:1}b'), [null, null]);
});

test('who comes to the wrong node is sent on', async (t) => {
  const mine = connect(t);
  await new Promise((resolve) => { mine.once('ready', resolve); });
  // It asks whom it believes, until it is told.
  mine.slots = mine.slots.map(() => [`127.0.0.1:${nodes[0].port}`]);
  await Promise.all(keys.map((key, i) => mine.set(key, i)));
  assert.deepStrictEqual(await Promise.all(keys.map((key) => mine.get(key))),
    keys.map((_, i) => String(i)));
});

test('pipelines', async () => {
  for (const key of keys.slice(0, 50)) {
    const replies = await cluster.pipeline().set(`{${key}}a`, 1).incr(`{${key}}a`)
      .get(`{${key}}b`).exec();
    assert.deepStrictEqual(replies, [[null, 'OK'], [null, 2], [null, null]]);
  }
});

test('automatic pipelines', async (t) => {
  const mine = connect(t, { enableAutoPipelining: true });
  await Promise.all(keys.map((key) => mine.set(key, key)));
  assert.deepStrictEqual(await Promise.all(keys.map((key) => mine.get(key))), keys);
});

test('transactions', async () => {
  for (const key of keys.slice(0, 50)) {
    const replies = await cluster.multi().incr(`{${key}}a`).incr(`{${key}}b`).exec();
    assert.deepStrictEqual(replies, [[null, 1], [null, 1]]);
  }
});

test('scripts', async () => {
  cluster.defineCommand('put', {
    numberOfKeys: 1, lua: "redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])",
  });
  assert.deepStrictEqual(await Promise.all(keys.map((key) => cluster.put(key, key))), keys);
});

test('who waits is fed', async (t) => {
  for (const key of keys.slice(0, 20)) {
    const mine = connect(t);
    const fed = mine.blpop(key, 0);
    await cluster.rpush(key, 'x');
    assert.deepStrictEqual(await fed, [key, 'x']);
  }
});

test('channels', async (t) => {
  const listener = connect(t);
  const come = new Promise((resolve) => {
    listener.on('message', (channel, message) => resolve([channel, message]));
  });
  await listener.subscribe('news');
  // A message is told by the node that it was published at.
  await Promise.all(cluster.nodes('master').map((node) => node.publish('news', 'x')));
  assert.deepStrictEqual(await come, ['news', 'x']);
});

test('shard channels', async (t) => {
  const listener = connect(t, { shardedSubscribers: true });
  const told = [];
  const come = new Promise((resolve) => {
    listener.on('smessage', (channel) => {
      told.push(channel);
      if (told.length === 10) resolve();
    });
  });
  for (const channel of keys.slice(0, 10)) await listener.ssubscribe(channel);
  for (const channel of keys.slice(0, 10)) {
    assert.strictEqual(await cluster.spublish(channel, 'x'), 1);
  }
  await come;
  assert.deepStrictEqual(told.sort(), keys.slice(0, 10).sort());
});

test('reading from replicas', async (t) => {
  const mine = connect(t, { scaleReads: 'slave' });
  await Promise.all(keys.map((key) => mine.set(key, key)));
  assert.deepStrictEqual(await Promise.all(keys.map((key) => mine.get(key))), keys);
});
