// node-redis 6, which speaks RESP3 unless told otherwise.
// usage: node node_redis_test.js PORT
'use strict';

const assert = require('node:assert');
const { after, before, beforeEach, test } = require('node:test');
const { createClient, createClientPool, defineScript, RESP_TYPES, WatchError } = require('redis');

const url = `redis://127.0.0.1:${process.argv[2]}`;
const client = createClient({ url });
before(() => client.connect());
after(() => client.close());
beforeEach(() => client.flushAll());

const range = (count) => Array.from({ length: count }, (_, i) => i);

// A client of the test's own.
async function connect(t, options = {}) {
  const mine = createClient({ url, ...options });
  mine.on('error', () => {}); // a killed connection comes back by itself
  await mine.connect();
  t.after(() => mine.destroy());
  return mine;
}

// Resolves when so many clients wait in a command.
async function untilBlocked(count) {
  while (!(await client.info('clients')).includes(`blocked_clients:${count}\r\n`));
}

// What is in the cache comes without waiting: a loop of that keeps the sockets from being read.
const socketsTurn = () => new Promise((resolve) => { setImmediate(resolve); });

async function collect(iterator) {
  const all = [];
  for await (const some of iterator) all.push(...some);
  return all;
}

test('it speaks RESP3', async () => {
  const greeting = await client.hello();
  assert.strictEqual(greeting.server, 'redis');
  assert.strictEqual(greeting.proto, 3);
  assert.match((await client.sendCommand(['CLIENT', 'INFO'])), / resp=3\b/);
});

test('strings', async () => {
  assert.strictEqual(await client.set('k', 'v', { EX: 100, NX: true }), 'OK');
  assert.strictEqual(await client.set('k', 'w', { NX: true }), null);
  assert.strictEqual(await client.get('k'), 'v');
  assert.ok(await client.ttl('k') > 90);
  assert.strictEqual(await client.incrBy('n', 5), 5);
  assert.deepStrictEqual(await client.mGet(['k', 'none', 'n']), ['v', null, '5']);
  assert.strictEqual(await client.lcs('k', 'k'), 'v');
  await assert.rejects(client.incr('k'), /^Error: ERR value is not an integer/);
});

test('hashes are maps', async () => {
  assert.strictEqual(await client.hSet('h', { name: 'x', size: 3 }), 2);
  assert.deepStrictEqual({ ...await client.hGetAll('h') }, { name: 'x', size: '3' });
  assert.deepStrictEqual({ ...await client.configGet('hz') }, { hz: '10' });
});

test('scores are doubles', async () => {
  await client.zAdd('z', [{ score: 1.5, value: 'a' }, { score: Infinity, value: 'b' }]);
  assert.strictEqual(await client.zScore('z', 'a'), 1.5);
  assert.strictEqual(await client.zScore('z', 'none'), null);
  assert.deepStrictEqual(await client.zRangeWithScores('z', 0, -1),
    [{ value: 'a', score: 1.5 }, { value: 'b', score: Infinity }]);
  assert.deepStrictEqual(await client.zPopMax('z'), { value: 'b', score: Infinity });
  assert.strictEqual(await client.zIncrBy('z', 0.25, 'a'), 1.75);
});

test('sets are sets', async () => {
  await client.sAdd('s', ['a', 'b']);
  const sets = client.withTypeMapping({ [RESP_TYPES.SET]: Set });
  assert.deepStrictEqual(await sets.sMembers('s'), new Set(['a', 'b']));
  assert.deepStrictEqual(await client.smIsMember('s', ['a', 'none']), [1, 0]);
});

test('buffers', async () => {
  const bytes = Buffer.from(range(256));
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await client.set(bytes, bytes);
  assert.ok((await buffers.get(bytes)).equals(bytes));
  assert.strictEqual(await client.restore('copy', 0, await buffers.dump(bytes)), 'OK');
  assert.ok((await buffers.get('copy')).equals(bytes));
});

test('a command of many at once', async () => {
  const replies = await Promise.all(range(10000).map((i) => client.setEx(`k:${i}`, 100, `${i}`)));
  assert.ok(replies.every((reply) => reply === 'OK'));
  assert.deepStrictEqual(await client.mGet(range(10000).map((i) => `k:${i}`)),
    range(10000).map(String));
});

test('iterators', async () => {
  await client.mSet(range(1000).map((i) => [`key:${i}`, 'v']));
  await client.hSet('h', Object.fromEntries(range(1000).map((i) => [`f${i}`, `${i}`])));
  await client.sAdd('s', range(1000).map(String));
  await client.zAdd('z', range(1000).map((i) => ({ score: i, value: `${i}` })));
  const keys = await collect(client.scanIterator({ MATCH: 'key:*', COUNT: 50, TYPE: 'string' }));
  assert.strictEqual(new Set(keys).size, 1000);
  const fields = await collect(client.hScanIterator('h'));
  assert.strictEqual(new Map(fields.map((entry) => [entry.field, entry.value])).get('f999'), '999');
  assert.strictEqual(new Set(await collect(client.sScanIterator('s'))).size, 1000);
  const scores = await collect(client.zScanIterator('z'));
  assert.strictEqual(scores.find(({ value }) => value === '777').score, 777);
});

test('a transaction', async () => {
  const replies = await client.multi().set('k', 'v').incr('n').hSet('h', 'f', 'x').hGetAll('h')
    .zAdd('z', { score: 2, value: 'm' }).zScore('z', 'm').exec();
  assert.deepStrictEqual(replies.slice(0, 3), ['OK', 1, 1]);
  assert.deepStrictEqual({ ...replies[3] }, { f: 'x' });
  assert.deepStrictEqual(replies.slice(4), [1, 2]);
});

test('a transaction with an error in it', async () => {
  await assert.rejects(client.multi().set('k', 'v').incr('k').set('after', 'v').exec(), (error) => {
    assert.match(error.replies[1].message, /not an integer/);
    assert.deepStrictEqual([error.replies[0], error.replies[2]], ['OK', 'OK']);
    return true;
  });
  await assert.rejects(client.multi().addCommand(['NONSENSE']).set('k', 'x').exec());
  assert.strictEqual(await client.get('k'), 'v');
});

test('a watched key ends a transaction', async (t) => {
  const watcher = await connect(t);
  await watcher.watch('k');
  await client.set('k', 'other');
  await assert.rejects(watcher.multi().set('k', 'mine').exec(), WatchError);
  assert.strictEqual(await client.get('k'), 'other');
});

test('a pool', async (t) => {
  const pool = createClientPool({ url }, { minimum: 2, maximum: 8 });
  await pool.connect();
  t.after(() => pool.close());
  const waiting = pool.execute((one) => one.blPop('queue', 0));
  await untilBlocked(1);
  const numbers = await Promise.all(range(500).map(() => pool.incr('n')));
  assert.deepStrictEqual(numbers.sort((a, b) => a - b), range(500).map((i) => i + 1));
  assert.ok(pool.totalClients <= 8);
  await pool.rPush('queue', 'value');
  assert.deepStrictEqual({ ...await waiting }, { key: 'queue', element: 'value' });
});

test('channels and patterns', async (t) => {
  const subscriber = await connect(t);
  const heard = [];
  const listen = (message, channel) => heard.push([channel, message]);
  await subscriber.subscribe(['news', 'weather'], listen);
  await subscriber.pSubscribe('n*', listen);
  assert.strictEqual(await client.publish('news', 'one'), 2);
  assert.strictEqual(await client.publish('weather', 'two'), 1);
  assert.deepStrictEqual({ ...await client.pubSubNumSub(['news', 'none']) }, { news: 1, none: 0 });
  assert.deepStrictEqual((await client.pubSubChannels('*')).sort(), ['news', 'weather']);
  await subscriber.unsubscribe();
  await subscriber.pUnsubscribe();
  assert.deepStrictEqual(heard, [['news', 'one'], ['news', 'one'], ['weather', 'two']]);
});

test('in RESP3 a subscriber may do other things', async (t) => {
  const subscriber = await connect(t);
  const heard = new Promise((resolve) => { subscriber.subscribe('news', resolve); });
  await subscriber.set('k', 'v');
  await subscriber.publish('news', 'from itself');
  assert.strictEqual(await heard, 'from itself');
  assert.strictEqual(await subscriber.get('k'), 'v');
});

test('sharded channels', async (t) => {
  const subscriber = await connect(t);
  const heard = [];
  await subscriber.sSubscribe('orders', (message) => heard.push(message));
  assert.strictEqual(await client.sPublish('orders', 'yes'), 1);
  await subscriber.sUnsubscribe('orders');
  assert.deepStrictEqual(heard, ['yes']);
});

test('a killed connection comes back with its subscriptions', async (t) => {
  const subscriber = await connect(t);
  let listen;
  await subscriber.subscribe('news', (message) => listen(message));
  const heard = new Promise((resolve) => { listen = resolve; });
  const back = new Promise((resolve) => { subscriber.once('ready', resolve); });
  await client.clientKill({ filter: 'ID', id: await subscriber.clientId() });
  await back;
  assert.strictEqual(await client.publish('news', 'again'), 1);
  assert.strictEqual(await heard, 'again');
});

test('scripts', async (t) => {
  const double = defineScript({
    SCRIPT: 'return redis.call("INCRBY", KEYS[1], ARGV[1] * 2)',
    NUMBER_OF_KEYS: 1,
    parseCommand: (parser, key, n) => { parser.pushKey(key); parser.push(String(n)); },
    transformReply: undefined,
  });
  const scripted = await connect(t, { scripts: { double } });
  assert.strictEqual(await scripted.double('n', 21), 42);
  await client.scriptFlush();
  assert.strictEqual(await scripted.double('n', 1), 44);
  assert.deepStrictEqual(await scripted.multi().double('n', 1).get('n').exec(), [46, '46']);
});

test('what scripts answer in RESP3', async () => {
  const run = (script) => client.eval(script);
  assert.strictEqual(await run('redis.setresp(3); return {double = 2.5}'), 2.5);
  assert.strictEqual(await run('redis.setresp(3); return true'), true);
  assert.strictEqual(await run('return false'), null);
  const map = await run('redis.setresp(3); redis.call("HSET", "h", "a", "1", "b", "2");' +
    'return redis.call("HGETALL", "h")');
  assert.deepStrictEqual({ ...map }, { a: '1', b: '2' });
  assert.deepStrictEqual(await run('return {1, "x", {2, nil, 3}}'), [1, 'x', [2]]);
});

test('streams', async (t) => {
  await client.xGroupCreate('jobs', 'workers', '0', { MKSTREAM: true });
  const reader = await connect(t);
  const read = (options) => reader.xReadGroup('workers', 'me', { key: 'jobs', id: '>' }, options);
  const waiting = read({ BLOCK: 0 });
  await untilBlocked(1);
  const id = await client.xAdd('jobs', '*', { task: 'one' });
  const [{ name, messages }] = await waiting;
  assert.deepStrictEqual([name, messages.length, messages[0].id], ['jobs', 1, id]);
  assert.deepStrictEqual({ ...messages[0].message }, { task: 'one' });
  assert.strictEqual((await client.xPending('jobs', 'workers')).pending, 1);
  assert.strictEqual(await client.xAck('jobs', 'workers', id), 1);
  assert.strictEqual(await read({ COUNT: 1 }), null);
  const [group] = await client.xInfoGroups('jobs');
  assert.deepStrictEqual([group.name, group.consumers, group.pending, group['entries-read']],
    ['workers', 1, 0, 1]);
});

test('the cache on the client\'s side', async (t) => {
  const cached = await connect(t, { clientSideCache: { ttl: 0, maxEntries: 100 } });
  await client.set('k', 'old');
  for (let i = 0; i < 10; i++) assert.strictEqual(await cached.get('k'), 'old');
  assert.strictEqual(cached.clientSideCache.stats().hitCount, 9);
  await client.set('k', 'new');
  while (await cached.get('k') !== 'new') await socketsTurn(); // the server says that it changed
  assert.strictEqual(cached.clientSideCache.stats().missCount, 2);
  await client.flushAll();
  while (await cached.get('k') !== null) await socketsTurn();
});

test('RESP2', async (t) => {
  const old = await connect(t, { RESP: 2 });
  assert.match(await old.sendCommand(['CLIENT', 'INFO']), / resp=2\b/);
  await old.hSet('h', 'f', 'v');
  assert.deepStrictEqual({ ...await old.hGetAll('h') }, { f: 'v' });
  await old.zAdd('z', { score: 0.5, value: 'm' });
  assert.strictEqual(await old.zScore('z', 'm'), 0.5);
});

test('monitor', async (t) => {
  const monitor = await connect(t);
  const seen = new Promise((resolve) => { monitor.monitor(resolve).then(() => client.get('k')); });
  assert.match(String(await seen), /^\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "GET" "k"$/);
});
