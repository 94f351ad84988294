// Sessions of an Express application, kept by connect-redis.
// usage: node express_session_test.js PORT
'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { after, before, test } = require('node:test');
const { RedisStore } = require('connect-redis');
const express = require('express');
const session = require('express-session');
const { createClient } = require('redis');

const client = createClient({ url: `redis://127.0.0.1:${process.argv[2]}` });
const store = new RedisStore({ client });
let server;

before(async () => {
  await client.connect();
  const application = express();
  application.use(session({ store, resave: false, saveUninitialized: false, secret: 's3cret' }));
  application.get('/count', (request, response) => {
    request.session.count = (request.session.count || 0) + 1;
    response.json(request.session.count);
  });
  application.get('/logout', (request, response) => {
    request.session.destroy(() => response.json('bye'));
  });
  server = application.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(async () => {
  server.close();
  server.closeAllConnections();
  await client.close();
});

// A browser: it remembers its cookie.
class Browser {
  async get(path) {
    const headers = this.cookie ? { cookie: this.cookie } : {};
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers });
    const cookie = response.headers.get('set-cookie');
    if (cookie) this.cookie = cookie.split(';')[0];
    return response.json();
  }
}

test('each browser has its own session', async () => {
  const [one, other] = [new Browser(), new Browser()];
  assert.deepStrictEqual([await one.get('/count'), await one.get('/count')], [1, 2]);
  assert.deepStrictEqual([await other.get('/count'), await one.get('/count')], [1, 3]);
  const keys = await client.keys('sess:*');
  assert.strictEqual(keys.length, 2);
  const counts = [];
  for (const key of keys) {
    counts.push(JSON.parse(await client.get(key)).count);
    assert.ok(await client.ttl(key) > 86000); // a day
  }
  assert.deepStrictEqual(counts.sort(), [1, 3]);
  assert.strictEqual(await store.length(), 2);
});

test('a session ends', async () => {
  const browser = new Browser();
  await browser.get('/count');
  const before = await store.length();
  assert.strictEqual(await browser.get('/logout'), 'bye');
  assert.strictEqual(await store.length(), before - 1);
  assert.strictEqual(await browser.get('/count'), 1);
});

test('all sessions are listed and cleared', async () => {
  const browsers = [new Browser(), new Browser(), new Browser()];
  await Promise.all(browsers.map((browser) => browser.get('/count')));
  assert.ok((await store.all()).length >= 3);
  await store.clear();
  assert.strictEqual(await store.length(), 0);
});
