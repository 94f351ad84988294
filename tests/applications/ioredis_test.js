// ioredis: transactions, publish and subscribe, streams, scripts, commands that wait.
// usage: node ioredis_test.js PORT
'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { after, beforeEach, test } = require('node:test');
const Redis = require('ioredis');

const port = Number(process.argv[2]);
const redis = new Redis({ port });
after(() => redis.quit());
beforeEach(() => redis.flushall());

// A client of the test's own.
function connect(t, options = {}) {
  const client = new Redis({ port, ...options });
  t.after(() => client.disconnect());
  return client;
}

// Resolves when so many clients wait in a command.
async function untilBlocked(count) {
  while (!(await redis.info('clients')).includes(`blocked_clients:${count}\r\n`));
}

const range = (count) => Array.from({ length: count }, (_, i) => i);

test('a transaction', async () => {
  const replies = await redis.multi().set('k', 'v').incr('n').lpush('k', 'x').get('k').exec();
  assert.deepStrictEqual(replies[0], [null, 'OK']);
  assert.deepStrictEqual(replies[1], [null, 1]);
  assert.match(replies[2][0].message, /^WRONGTYPE /);
  assert.deepStrictEqual(replies[3], [null, 'v']);
});

test('a transaction whose replies come one by one', async () => {
  assert.strictEqual(await redis.multi({ pipeline: false }), 'OK');
  assert.strictEqual(await redis.set('k', 'v'), 'QUEUED');
  assert.strictEqual(await redis.get('k'), 'QUEUED');
  assert.deepStrictEqual(await redis.exec(), [[null, 'OK'], [null, 'v']]);
});

test('a transaction with a wrong command is not executed', async () => {
  await assert.rejects(redis.multi().set('k', 'v').set('k').exec(),
    /^ReplyError: EXECABORT Transaction discarded because of previous errors\.$/);
  assert.strictEqual(await redis.exists('k'), 0);
});

test('a watched key ends a transaction', async (t) => {
  const other = connect(t);
  await redis.watch('balance');
  await other.set('balance', 10);
  assert.strictEqual(await redis.multi().set('balance', 20).exec(), null);
  await redis.watch('balance');
  await redis.unwatch();
  await other.set('balance', 30);
  assert.deepStrictEqual(await redis.multi().incr('balance').exec(), [[null, 31]]);
});

test('transactions of many clients lose nothing', async (t) => {
  await Promise.all(range(8).map(async () => {
    const client = connect(t);
    for (let done = 0; done < 25;) {
      await client.watch('n');
      const n = Number(await client.get('n'));
      if (await client.multi().set('n', n + 1).exec()) done++;
    }
  }));
  assert.strictEqual(await redis.get('n'), '200');
});

test('a pipeline with a transaction in it', async () => {
  const replies = await redis.pipeline().set('a', 1).multi().incr('a').incr('a').exec().get('a')
    .exec();
  assert.deepStrictEqual(replies,
    [[null, 'OK'], [null, 'OK'], [null, 'QUEUED'], [null, 'QUEUED'], [null, [2, 3]], [null, '3']]);
});

test('objects, maps and buffers', async () => {
  await redis.hset('h', { name: 'x', size: 3 });
  await redis.hset('h', new Map([['more', 1]]));
  assert.deepStrictEqual(await redis.hgetall('h'), { name: 'x', size: '3', more: '1' });
  const bytes = Buffer.from(range(256));
  await redis.lpush('l', bytes);
  assert.ok((await redis.lrangeBuffer('l', 0, -1))[0].equals(bytes));
  await redis.zadd('z', 1, 'one', 2.5, 'more', '-inf', 'least');
  assert.deepStrictEqual(await redis.zrange('z', 0, -1, 'WITHSCORES'),
    ['least', '-inf', 'one', '1', 'more', '2.5']);
});

test('channels', async (t) => {
  const subscriber = connect(t);
  assert.strictEqual(await subscriber.subscribe('news', 'weather'), 2);
  const heard = [];
  subscriber.on('message', (channel, message) => heard.push([channel, message]));
  assert.strictEqual(await redis.publish('news', 'one'), 1);
  assert.strictEqual(await redis.publish('sport', 'two'), 0);
  await redis.publish('weather', 'three');
  await assert.rejects(subscriber.get('k'), /subscriber mode/);
  assert.strictEqual(await subscriber.unsubscribe('news', 'weather'), 0);
  assert.deepStrictEqual(heard, [['news', 'one'], ['weather', 'three']]);
  assert.strictEqual(await redis.publish('news', 'four'), 0);
  assert.strictEqual(await subscriber.get('k'), null);
});

test('patterns', async (t) => {
  const subscriber = connect(t);
  await subscriber.psubscribe('news.*', 'n?ws.[ab]');
  const heard = [];
  subscriber.on('pmessage', (...words) => heard.push(words));
  assert.strictEqual(await redis.publish('news.a', 'hello'), 2);
  assert.strictEqual(await redis.pubsub('NUMPAT'), 2);
  await subscriber.punsubscribe();
  assert.deepStrictEqual(heard.sort(),
    [['n?ws.[ab]', 'news.a', 'hello'], ['news.*', 'news.a', 'hello']]);
});

test('sharded channels', async (t) => {
  const subscriber = connect(t);
  assert.strictEqual(await subscriber.ssubscribe('orders'), 1);
  const heard = once(subscriber, 'smessage');
  assert.strictEqual(await redis.publish('orders', 'no'), 0);
  assert.strictEqual(await redis.spublish('orders', 'yes'), 1);
  assert.deepStrictEqual(await heard, ['orders', 'yes']);
});

test('ten thousand messages keep their order', async (t) => {
  const subscriber = connect(t);
  await subscriber.subscribe('numbers');
  const heard = [];
  const all = new Promise((resolve) => {
    subscriber.on('message', (_, message) => heard.push(Number(message)) === 10000 && resolve());
  });
  const publisher = connect(t, { enableAutoPipelining: true });
  await Promise.all(range(10000).map((i) => publisher.publish('numbers', i)));
  await all;
  assert.deepStrictEqual(heard, range(10000));
});

test('subscriptions come back with the connection', async (t) => {
  const subscriber = connect(t);
  await subscriber.subscribe('news');
  await subscriber.psubscribe('w*');
  const [line] = (await redis.client('LIST', 'TYPE', 'pubsub')).trim().split('\n');
  assert.match(line, / sub=1 psub=1 /);
  const back = once(subscriber, 'ready');
  assert.strictEqual(await redis.client('KILL', 'ID', /^id=(\d+)/.exec(line)[1]), 1);
  await back;
  const heard = once(subscriber, 'message');
  while (await redis.publish('news', 'again') === 0); // it subscribes once it is ready
  assert.deepStrictEqual(await heard, ['news', 'again']);
});

test('keyspace events', async (t) => {
  await redis.config('SET', 'notify-keyspace-events', 'Ex$g');
  t.after(() => redis.config('SET', 'notify-keyspace-events', ''));
  const subscriber = connect(t);
  await subscriber.psubscribe('__keyevent@0__:*');
  const heard = [];
  const expired = new Promise((resolve) => {
    subscriber.on('pmessage', (_, channel, key) => {
      heard.push([channel.replace('__keyevent@0__:', ''), key]);
      if (channel.endsWith(':expired')) resolve();
    });
  });
  await redis.set('k', 'v');
  await redis.pexpire('k', 20);
  await expired;
  assert.deepStrictEqual(heard, [['set', 'k'], ['expire', 'k'], ['expired', 'k']]);
});

test('streams', async () => {
  for (const i of range(5)) await redis.xadd('log', `${i + 1}-0`, 'n', i);
  assert.match(await redis.xadd('log', 'MAXLEN', 3, '*', 'n', 'last'), /^\d{13}-0$/);
  assert.deepStrictEqual(await redis.xrange('log', '-', '+', 'COUNT', 2),
    [['4-0', ['n', '3']], ['5-0', ['n', '4']]]);
  assert.strictEqual(await redis.xlen('log'), 3);
  const [[name, entries]] = await redis.xread('COUNT', 10, 'STREAMS', 'log', '5-0');
  assert.deepStrictEqual([name, entries.length, entries[0][1]], ['log', 1, ['n', 'last']]);
});

test('a reader waits for a stream', async (t) => {
  const reader = connect(t);
  const waiting = reader.xread('BLOCK', 0, 'STREAMS', 'log', '$');
  await untilBlocked(1);
  const id = await redis.xadd('log', '*', 'field', 'value');
  assert.deepStrictEqual(await waiting, [['log', [[id, ['field', 'value']]]]]);
});

test('a consumer group', async () => {
  await redis.xgroup('CREATE', 'jobs', 'workers', '$', 'MKSTREAM');
  for (const i of range(4)) await redis.xadd('jobs', `1-${i}`, 'n', i);
  const read = (consumer) =>
    redis.xreadgroup('GROUP', 'workers', consumer, 'COUNT', 2, 'STREAMS', 'jobs', '>');
  assert.deepStrictEqual(await read('a'), [['jobs', [['1-0', ['n', '0']], ['1-1', ['n', '1']]]]]);
  assert.deepStrictEqual(await read('b'), [['jobs', [['1-2', ['n', '2']], ['1-3', ['n', '3']]]]]);
  assert.strictEqual(await read('b'), null);
  assert.strictEqual(await redis.xack('jobs', 'workers', '1-0', '1-2'), 2);
  assert.deepStrictEqual(await redis.xpending('jobs', 'workers'),
    [2, '1-1', '1-3', [['a', '1'], ['b', '1']]]);
  const [cursor, claimed] = await redis.xautoclaim('jobs', 'workers', 'b', 0, '1-0');
  assert.deepStrictEqual([cursor, claimed.map(([id]) => id)], ['0-0', ['1-1', '1-3']]);
});

test('a script as a command', async (t) => {
  const client = connect(t, {
    scripts: {
      double: { numberOfKeys: 1, lua: 'return redis.call("INCRBY", KEYS[1], ARGV[1] * 2)' },
    },
  });
  client.defineCommand('pair', { lua: 'return {KEYS[1], ARGV[1], #ARGV, false, {1.9, "x"}}' });
  assert.strictEqual(await client.double('n', 21), 42);
  assert.deepStrictEqual(await client.pair(1, 'k', 'v'), ['k', 'v', 1, null, [1, 'x']]);
  await redis.script('FLUSH');
  assert.strictEqual(await client.double('n', 1), 44); // it falls back to EVAL
});

test('scripts in pipelines and transactions', async (t) => {
  const client = connect(t);
  client.defineCommand('append2', {
    numberOfKeys: 1,
    lua: 'redis.call("APPEND", KEYS[1], ARGV[1]); return redis.call("APPEND", KEYS[1], ARGV[2])',
  });
  const both = await client.multi().set('t', '').append2('t', 'x', 'y').get('t').exec();
  assert.deepStrictEqual(both.map(([, reply]) => reply), ['OK', 2, 'xy']);
  const pipeline = client.pipeline();
  for (const i of range(1000)) pipeline.append2(`k:${i % 10}`, 'a', 'b');
  const replies = await pipeline.exec();
  assert.deepStrictEqual(replies[999], [null, 200]);
});

test('errors in scripts', async () => {
  await assert.rejects(redis.eval('return redis.error_reply("MINE because")', 0), /MINE because/);
  await redis.set('word', 'x');
  await assert.rejects(redis.eval('return redis.call("INCR", KEYS[1])', 1, 'word'),
    /value is not an integer or out of range/);
  assert.strictEqual(
    await redis.eval('return redis.pcall("INCR", KEYS[1]).err and "caught"', 1, 'word'), 'caught');
  await assert.rejects(redis.eval('return nonsense', 0), /nonexistent global variable 'nonsense'/);
  await assert.rejects(redis.evalsha('0'.repeat(40), 0), /^ReplyError: NOSCRIPT /);
});

test('commands that wait', async (t) => {
  const [first, second] = [connect(t), connect(t)];
  const one = first.blpop('queue', 'other', 0);
  await untilBlocked(1);
  const two = second.brpop('queue', 0);
  await untilBlocked(2);
  await redis.rpush('queue', 'a', 'b', 'c');
  assert.deepStrictEqual([await one, await two], [['queue', 'a'], ['queue', 'c']]);
  assert.strictEqual(await first.blmove('queue', 'done', 'LEFT', 'RIGHT', 0), 'b');
  assert.deepStrictEqual(await redis.lrange('done', 0, -1), ['b']);
  assert.strictEqual(await first.bzpopmin('none', 0.01), null);
});

test('a stream of the fields of a hash', async () => {
  await redis.hset('h', Object.fromEntries(range(1000).map((i) => [`f${i}`, i])));
  const found = {};
  for await (const some of redis.hscanStream('h', { count: 50 })) {
    for (let i = 0; i < some.length; i += 2) found[some[i]] = some[i + 1];
  }
  assert.strictEqual(Object.keys(found).length, 1000);
  assert.strictEqual(found.f999, '999');
});
