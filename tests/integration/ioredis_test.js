// ioredis against the server on the port given; see ioredis_test.py, which runs this.
'use strict';

const assert = require('node:assert');
const readline = require('node:readline');
const Redis = require('ioredis');

const port = Number(process.argv[2]);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function withClient(options, run) {
  const redis = new Redis({ port, ...options });
  redis.on('error', () => {}); // reconnecting reports the refused attempts
  try {
    await run(redis);
  } finally {
    redis.disconnect();
  }
}

function collect(stream) {
  return new Promise((resolve, reject) => {
    const keys = [];
    stream.on('data', (some) => keys.push(...some));
    stream.on('end', () => resolve(keys));
    stream.on('error', reject);
  });
}

// Asks the script that runs this for a new server; resolves when it is there.
function restartServer() {
  const lines = readline.createInterface({ input: process.stdin });
  return new Promise((resolve) => {
    lines.once('line', () => {
      lines.close();
      resolve();
    });
    console.log('restart');
  });
}

const tests = {
  'becomes ready by INFO': () => withClient({}, async (redis) => {
    await new Promise((resolve) => redis.once('ready', resolve));
    assert.strictEqual(redis.status, 'ready');
    assert.match(await redis.info('server'), /redis_version:7\.4/);
  }),

  'says what library it is': () => withClient({ connectionName: 'tester' }, async (redis) => {
    await redis.set('k', 'v');
    await redis.client('SETINFO', 'LIB-NAME', 'ioredis(mine)');
    const info = await redis.client('INFO');
    assert.match(info, / name=tester /);
    assert.match(info, / lib-name=ioredis\(mine\) lib-ver=/);
  }),

  'strings and expirations': () => withClient({}, async (redis) => {
    assert.strictEqual(await redis.set('k', 'v', 'EX', 100), 'OK');
    assert.strictEqual(await redis.get('k'), 'v');
    assert.ok((await redis.ttl('k')) > 90);
    assert.strictEqual(await redis.set('k', 'w', 'NX'), null);
    assert.strictEqual(await redis.incrby('n', 5), 5);
    assert.deepStrictEqual(await redis.mget('k', 'none', 'n'), ['v', null, '5']);
    await assert.rejects(redis.incr('k'), /ERR value is not an integer/);
    await assert.rejects(redis.call('NONSENSE'), /ERR unknown command/);
  }),

  'pipelines': () => withClient({}, async (redis) => {
    const pipeline = redis.pipeline();
    for (let i = 0; i < 10000; i++) pipeline.set(`p:${i}`, i).get(`p:${i}`);
    const replies = await pipeline.exec();
    assert.strictEqual(replies.length, 20000);
    replies.forEach(([error, reply], i) => {
      assert.strictEqual(error, null);
      assert.strictEqual(reply, i % 2 === 0 ? 'OK' : String((i - 1) / 2));
    });
  }),

  'automatic pipelines': () => withClient({ enableAutoPipelining: true }, async (redis) => {
    const replies = await Promise.all(
      Array.from({ length: 5000 }, async (_, i) => {
        await redis.set(`auto:${i}`, i);
        return redis.get(`auto:${i}`);
      }));
    assert.ok(replies.every((reply, i) => reply === String(i)));
  }),

  'many commands at once keep their order': () => withClient({}, async (redis) => {
    await redis.del('order');
    const replies = await Promise.all(Array.from({ length: 20000 }, () => redis.incr('order')));
    assert.ok(replies.every((reply, i) => reply === i + 1));
  }),

  'scan streams': () => withClient({ keyPrefix: '' }, async (redis) => {
    await redis.flushall();
    const pipeline = redis.pipeline();
    for (let i = 0; i < 2000; i++) pipeline.set(`scan:${i}`, 'v');
    await pipeline.set('other', 'v').exec();
    const keys = await collect(redis.scanStream({ match: 'scan:*', count: 100 }));
    assert.strictEqual(new Set(keys).size, 2000);
  }),

  'binary values': () => withClient({}, async (redis) => {
    for (const size of [0, 256, 20000, 1000000]) {
      const value = Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 7919) >> 3));
      await redis.set(Buffer.from([0, 255, 13, 10]), value);
      assert.ok((await redis.getBuffer(Buffer.from([0, 255, 13, 10]))).equals(value));
    }
  }),

  'key prefixes': () => withClient({ keyPrefix: 'app:' }, async (redis) => {
    await redis.mset('a', 1, 'b', 2);
    await redis.rename('a', 'c');
    await withClient({}, async (plain) => {
      assert.strictEqual(await plain.exists('app:c', 'app:b'), 2);
    });
  }),

  'RESP3 by HELLO': () => withClient({}, async (redis) => {
    // ioredis 5 parses RESP2 only: what it can do with HELLO is to ask for that.
    const reply = await redis.call('HELLO', '2', 'SETNAME', 'hello');
    assert.strictEqual(reply[reply.indexOf('proto') + 1], 2);
    assert.strictEqual(reply[reply.indexOf('server') + 1], 'redis');
    await assert.rejects(redis.call('HELLO', '4'), /NOPROTO/);
  }),

  'databases': () => withClient({ db: 3 }, async (redis) => {
    await redis.set('third', 'v');
    await redis.select(0);
    assert.strictEqual(await redis.get('third'), null);
  }),

  'a password': () => withClient({}, async (redis) => {
    await redis.config('SET', 'requirepass', 's3cret');
    try {
      for (const known of [{ password: 's3cret' }, { username: 'default', password: 's3cret' }]) {
        await withClient(known, async (client) => assert.strictEqual(await client.ping(), 'PONG'));
      }
      await withClient({ enableReadyCheck: false },
        (unknown) => assert.rejects(unknown.ping(), /NOAUTH/));
    } finally {
      await redis.config('SET', 'requirepass', '');
    }
  }),

  'monitor mode': () => withClient({}, async (redis) => {
    await redis.ping(); // ready: its own INFO, which asks whether the server is, is not to be seen
    const monitor = await redis.monitor();
    const seen = new Promise((resolve) => {
      monitor.on('monitor', (time, args, source, database) => resolve({ args, source, database }));
    });
    await redis.set('watched', 'a "b"');
    const { args, source, database } = await seen;
    assert.deepStrictEqual(args, ['set', 'watched', 'a "b"']);
    assert.match(source, /^127\.0\.0\.1:\d+$/);
    assert.strictEqual(database, '0');
    monitor.disconnect();
  }),

  'quit': () => withClient({}, async (redis) => {
    assert.strictEqual(await redis.quit(), 'OK');
    await pause(50);
    assert.strictEqual(redis.status, 'end');
  }),

  'reconnects after the server came back': () => withClient({}, async (redis) => {
    await redis.set('before', 'v');
    await restartServer();
    assert.strictEqual(await redis.get('before'), null);
    assert.strictEqual(await redis.set('after', 'v'), 'OK');
    assert.strictEqual(await redis.get('after'), 'v');
  }),
};

async function main() {
  for (const [name, test] of Object.entries(tests)) {
    await test();
    console.log(`ok: ${name}`);
  }
}

main().then(() => process.exit(0), (error) => {
  console.log(error);
  process.exit(1);
});
