// Bull, BullMQ's predecessor, which many programs still use.
// usage: node bull_test.js PORT
'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const Bull = require('bull');

const redis = { host: '127.0.0.1', port: Number(process.argv[2]) };

function open(t, name) {
  const queue = new Bull(name, { redis });
  t.after(() => queue.close());
  return queue;
}

test('jobs, their results and their events', async (t) => {
  const queue = open(t, 'sums');
  const seen = [];
  queue.on('global:completed', (id, result) => seen.push(JSON.parse(result)));
  await queue.isReady();
  const jobs = await queue.addBulk(Array.from({ length: 8 }, (_, i) => ({ data: { n: i } })));
  queue.process(3, async ({ data }) => data.n + 1);
  const results = await Promise.all(jobs.map((job) => job.finished()));
  assert.deepStrictEqual(results, [1, 2, 3, 4, 5, 6, 7, 8]);
  while (seen.length < 8) await new Promise(setImmediate);
  assert.deepStrictEqual(seen.sort((a, b) => a - b), results);
  assert.strictEqual((await queue.getJobCounts()).completed, 8);
});

test('retries, priorities and delays', async (t) => {
  const queue = open(t, 'mixed');
  const done = [];
  await queue.add('n', 'delayed', { delay: 50 });
  await queue.add('n', 'second', { priority: 2 });
  await queue.add('n', 'first', { priority: 1 });
  const unlucky = await queue.add('n', 'unlucky', { priority: 3, attempts: 2, backoff: 10 });
  queue.process('n', async (job) => {
    done.push(job.data);
    if (job.data === 'unlucky') throw new Error('no luck');
  });
  await assert.rejects(unlucky.finished(), /no luck/);
  while (await queue.getCompletedCount() < 3);
  assert.deepStrictEqual(done.slice(0, 2), ['first', 'second']);
  assert.deepStrictEqual([...done].sort(), ['delayed', 'first', 'second', 'unlucky', 'unlucky']);
  assert.strictEqual((await queue.getFailed())[0].attemptsMade, 2);
});

test('a job that repeats, and an end', async (t) => {
  const queue = open(t, 'ticks');
  let ticks = 0;
  const enough = new Promise((resolve) => {
    queue.process(async () => { if (++ticks === 3) resolve(); });
  });
  await queue.add({}, { repeat: { every: 30 } });
  await enough;
  const [job] = await queue.getRepeatableJobs();
  assert.strictEqual(job.every, 30);
  await queue.removeRepeatableByKey(job.key);
  assert.deepStrictEqual(await queue.getRepeatableJobs(), []);
  await queue.obliterate({ force: true });
  assert.deepStrictEqual(await queue.client.keys('bull:ticks:*'), []);
});
