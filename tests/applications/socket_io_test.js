// socket.io with its adapter for Redis: two servers that are one to their clients.
// usage: node socket_io_test.js PORT
'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { createServer } = require('node:http');
const { after, before, test } = require('node:test');
const { createAdapter } = require('@socket.io/redis-adapter');
const Redis = require('ioredis');
const { Server } = require('socket.io');
const { io: connect } = require('socket.io-client');

const port = Number(process.argv[2]);
const nodes = []; // { io, http, publisher, subscriber }
const clients = [];

async function startNode() {
  const publisher = new Redis(port);
  const subscriber = publisher.duplicate();
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(publisher, subscriber) });
  io.on('connection', (socket) => {
    socket.on('join', async (room, done) => done(await socket.join(room)));
    socket.on('ask', (question, answer) => answer(`${question}!`));
  });
  io.on('square', (n, answer) => answer(n * n));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  nodes.push({ io, http, publisher, subscriber });
}

async function startClient(node, room) {
  const client = connect(`http://127.0.0.1:${node.http.address().port}`,
    { transports: ['websocket'] });
  clients.push(client);
  await new Promise((resolve) => { client.once('connect', resolve); });
  await client.emitWithAck('join', room);
  return client;
}

before(async () => {
  await Promise.all([startNode(), startNode()]);
  await startClient(nodes[0], 'red');
  await startClient(nodes[1], 'red');
  await startClient(nodes[1], 'blue');
  while (await nodes[0].io.of('/').adapter.serverCount() < 2);
});

after(async () => {
  for (const client of clients) client.disconnect();
  for (const { io, publisher, subscriber } of nodes) {
    await io.close();
    publisher.disconnect();
    subscriber.disconnect();
  }
});

const hear = (client, event) => new Promise((resolve) => { client.once(event, resolve); });

test('a broadcast reaches the clients of every server', async () => {
  const heard = Promise.all(clients.map((client) => hear(client, 'news')));
  nodes[0].io.emit('news', { text: 'é', bytes: Buffer.from([0, 255]) });
  for (const message of await heard) {
    assert.deepStrictEqual(message, { text: 'é', bytes: Buffer.from([0, 255]) });
  }
});

test('a room reaches over servers, and no further', async () => {
  const [first, second, blue] = clients;
  let wrong = false;
  blue.on('paint', () => { wrong = true; });
  const heard = Promise.all([hear(first, 'paint'), hear(second, 'paint'), hear(blue, 'end')]);
  nodes[0].io.to('red').emit('paint', 'red');
  nodes[0].io.to('blue').emit('end', 'blue');
  assert.deepStrictEqual(await heard, ['red', 'red', 'blue']);
  assert.strictEqual(wrong, false);
});

test('servers know each other\'s clients', async () => {
  for (const { io } of nodes) {
    const sockets = await io.in('red').fetchSockets();
    assert.deepStrictEqual(sockets.map(({ id }) => id).sort(),
      [clients[0].id, clients[1].id].sort());
  }
  nodes[0].io.in(clients[2].id).socketsJoin('red');
  while ((await nodes[0].io.in('red').fetchSockets()).length < 3);
});

test('clients of another server answer', async () => {
  clients.forEach((client, i) => client.on('count', (answer) => answer(i)));
  // The adapter keeps the process from ending for that long.
  const answers = await nodes[0].io.timeout(10000).emitWithAck('count');
  assert.deepStrictEqual(answers.sort(), [0, 1, 2]);
});

test('a server answers another', async () => {
  assert.deepStrictEqual(await nodes[0].io.serverSideEmitWithAck('square', 7), [49]);
});
