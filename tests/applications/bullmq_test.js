// BullMQ: queues of jobs, each step of which is a Lua script on the server.
// usage: node bullmq_test.js PORT
'use strict';

const assert = require('node:assert');
const { after, beforeEach, test } = require('node:test');
const { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } = require('bullmq');
const Redis = require('ioredis');
const { createClient } = require('redis');

const port = Number(process.argv[2]);
const connection = { host: '127.0.0.1', port };
const admin = new Redis(connection);
after(() => admin.quit());
beforeEach(() => admin.flushall());

const range = (count) => Array.from({ length: count }, (_, i) => i);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function until(condition) {
  while (!await condition()) await pause(10);
}

// A queue, its events from the first on, and what works on it; all closed with the test.
async function open(t, options = {}) {
  const queue = new Queue('work', { connection, ...options });
  const events = new QueueEvents('work', { connection, lastEventId: '0' });
  const opened = [events, queue];
  t.after(() => Promise.all(opened.map((one) => one.close())));
  await Promise.all(opened.map((one) => one.waitUntilReady()));
  const work = (run, more = {}) => {
    const worker = new Worker('work', run, { connection, ...more });
    opened.push(worker);
    return worker;
  };
  return { queue, events, work };
}

const counts = (queue) => queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed');

test('a job runs and returns a value', async (t) => {
  const { queue, events, work } = await open(t);
  const job = await queue.add('add', { a: 1, b: 2 });
  assert.strictEqual(await job.getState(), 'waiting');
  work(async ({ data }) => ({ sum: data.a + data.b }));
  assert.deepStrictEqual(await job.waitUntilFinished(events), { sum: 3 });
  const stored = await queue.getJob(job.id);
  assert.deepStrictEqual([stored.name, stored.data, stored.returnvalue, stored.attemptsMade],
    ['add', { a: 1, b: 2 }, { sum: 3 }, 1]);
  assert.ok(stored.timestamp <= stored.processedOn && stored.processedOn <= stored.finishedOn);
  assert.strictEqual(await job.getState(), 'completed');
});

test('every job runs once, whoever takes it', async (t) => {
  const { queue, work } = await open(t);
  await queue.addBulk(range(500).map((i) => ({ name: 'n', data: i })));
  const done = [];
  for (const _ of range(3)) work(async ({ data }) => done.push(data), { concurrency: 10 });
  await until(async () => await queue.getCompletedCount() === 500);
  assert.deepStrictEqual(done.sort((a, b) => a - b), range(500));
  assert.deepStrictEqual(await counts(queue),
    { waiting: 0, active: 0, delayed: 0, completed: 500, failed: 0 });
});

test('jobs of one worker keep their order', async (t) => {
  const { queue, work } = await open(t);
  for (const i of range(50)) await queue.add('n', i);
  await queue.add('n', 'first', { lifo: true });
  const done = [];
  work(async ({ data }) => done.push(data));
  await until(() => done.length === 51);
  assert.deepStrictEqual(done, ['first', ...range(50)]);
});

test('a failing job is tried again, later each time', async (t) => {
  const { queue, events, work } = await open(t);
  const backoff = { type: 'exponential', delay: 50 };
  const job = await queue.add('n', {}, { attempts: 3, backoff });
  const tried = [];
  work(async () => {
    tried.push(Date.now());
    if (tried.length < 3) throw new Error('not yet');
    return tried.length;
  });
  assert.strictEqual(await job.waitUntilFinished(events), 3);
  assert.ok(tried[1] - tried[0] >= 45 && tried[2] - tried[1] >= 95, `${tried}`);
  assert.strictEqual((await queue.getJob(job.id)).attemptsMade, 3);
});

test('a job that fails for good', async (t) => {
  const { queue, events, work } = await open(t);
  work(async ({ name }) => {
    throw name === 'hopeless' ? new UnrecoverableError('never') : new Error('no luck');
  });
  const job = await queue.add('unlucky', {}, { attempts: 2 });
  await assert.rejects(job.waitUntilFinished(events), /no luck/);
  const hopeless = await queue.add('hopeless', {}, { attempts: 5 });
  await assert.rejects(hopeless.waitUntilFinished(events), /never/);
  const [last, first] = await queue.getFailed();
  assert.deepStrictEqual([first.id, first.failedReason, first.attemptsMade],
    [job.id, 'no luck', 2]);
  assert.deepStrictEqual([last.failedReason, last.attemptsMade], ['never', 1]);
  assert.match(first.stacktrace[0], /^Error: no luck\n/);
});

test('a failed job is retried by hand', async (t) => {
  const { queue, events, work } = await open(t);
  let broken = true;
  work(async () => {
    if (broken) throw new Error('broken');
    return 'repaired';
  });
  const jobs = await queue.addBulk(range(3).map((i) => ({ name: 'n', data: i })));
  await until(async () => await queue.getFailedCount() === 3);
  broken = false;
  await jobs[0].retry();
  assert.strictEqual(await jobs[0].waitUntilFinished(events), 'repaired');
  await queue.retryJobs({ state: 'failed' });
  await until(async () => await queue.getCompletedCount() === 3);
});

test('delayed jobs run at their time', async (t) => {
  const { queue, work } = await open(t);
  for (const delay of [300, 100, 200]) await queue.add('n', delay, { delay });
  const far = await queue.add('n', 'promoted', { delay: 1e8 });
  assert.strictEqual(await queue.getDelayedCount(), 4);
  const done = [];
  work(async (job) => {
    if (job.id !== far.id) done.push([job.data, Date.now() - job.timestamp >= job.data]);
  });
  await far.promote();
  await until(async () => await queue.getCompletedCount() === 4);
  assert.deepStrictEqual(done, [[100, true], [200, true], [300, true]]);
});

test('priorities', async (t) => {
  const { queue, work } = await open(t);
  for (const priority of [3, 1, 2, 1]) await queue.add('n', `${priority}`, { priority });
  const late = await queue.add('n', 'changed', { priority: 10 });
  await queue.add('n', 'none');
  assert.deepStrictEqual(await queue.getCountsPerPriority([1, 2, 3]), { 1: 2, 2: 1, 3: 1 });
  await late.changePriority({ priority: 2 });
  const done = [];
  work(async ({ data }) => done.push(data));
  await until(() => done.length === 6);
  assert.deepStrictEqual(done, ['none', '1', '1', '2', 'changed', '3']);
});

test('a limited rate', async (t) => {
  const { queue, work } = await open(t);
  const started = [];
  work(async () => started.push(Date.now()), { limiter: { max: 2, duration: 200 } });
  await queue.addBulk(range(6).map((i) => ({ name: 'n', data: i })));
  await until(() => started.length === 6);
  // Two in each of at least three windows: the last begins two durations after the first or later.
  assert.ok(started[5] - started[0] >= 2 * 200 - 20, `${started}`);
});

test('a global concurrency', async (t) => {
  const { queue, work } = await open(t);
  await queue.setGlobalConcurrency(2);
  let running = 0;
  let most = 0;
  const run = async () => {
    most = Math.max(most, ++running);
    await pause(10);
    running--;
  };
  for (const _ of range(3)) work(run, { concurrency: 5 });
  await queue.addBulk(range(20).map((i) => ({ name: 'n', data: i })));
  await until(async () => await queue.getCompletedCount() === 20);
  assert.ok(most <= 2, `${most}`);
});

test('a parent waits for its children', async (t) => {
  const { queue, events, work } = await open(t);
  const flows = new FlowProducer({ connection });
  t.after(() => flows.close());
  const child = (n) => ({ name: 'child', queueName: 'work', data: { n } });
  const { job } = await flows.add({
    name: 'parent',
    queueName: 'work',
    children: [child(1), child(2), { ...child(3), children: [child(4)] }],
  });
  assert.strictEqual(await job.getState(), 'waiting-children');
  assert.strictEqual(await queue.getWaitingChildrenCount(), 2);
  work(async (one) => {
    const below = Object.values(await one.getChildrenValues());
    return below.reduce((sum, value) => sum + value, one.data.n || 0);
  }, { concurrency: 3 });
  assert.strictEqual(await job.waitUntilFinished(events), 10);
  const tree = await flows.getFlow({ id: job.id, queueName: 'work' });
  assert.deepStrictEqual(tree.children.map((node) => node.job.returnvalue).sort(), [1, 2, 7]);
});

test('a failing child fails its parent', async (t) => {
  const { events, work } = await open(t);
  const flows = new FlowProducer({ connection });
  t.after(() => flows.close());
  const { job } = await flows.add({
    name: 'parent',
    queueName: 'work',
    children: [{ name: 'bad', queueName: 'work', opts: { failParentOnFailure: true } }],
  });
  work(async ({ name }) => { if (name === 'bad') throw new Error('bad'); });
  await assert.rejects(job.waitUntilFinished(events), /child .* failed/);
});

test('jobs that repeat', async (t) => {
  const { queue, work } = await open(t);
  await queue.upsertJobScheduler('tick', { every: 50 }, { name: 'tick', data: { n: 1 } });
  await queue.upsertJobScheduler('nightly', { pattern: '0 3 * * *', tz: 'UTC' }, { name: 'night' });
  assert.strictEqual(await queue.getJobSchedulersCount(), 2);
  const { next } = await queue.getJobScheduler('nightly');
  assert.strictEqual(new Date(next).toISOString().slice(11), '03:00:00.000Z');
  const ticks = [];
  work(async (job) => ticks.push([job.name, job.data.n]));
  await until(() => ticks.length >= 3);
  assert.strictEqual(await queue.removeJobScheduler('tick'), true);
  assert.deepStrictEqual(ticks.slice(0, 3), [['tick', 1], ['tick', 1], ['tick', 1]]);
  assert.deepStrictEqual((await queue.getJobSchedulers()).map(({ key }) => key), ['nightly']);
});

test('events', async (t) => {
  const { queue, events, work } = await open(t);
  const seen = [];
  for (const name of ['added', 'waiting', 'active', 'progress', 'completed']) {
    events.on(name, ({ jobId, data }) => seen.push([name, jobId, data]));
  }
  const drained = new Promise((resolve) => { events.once('drained', resolve); });
  const job = await queue.add('n', {}, { jobId: 'mine' });
  work((one) => one.updateProgress({ percent: 50 }));
  await job.waitUntilFinished(events);
  await drained;
  assert.deepStrictEqual(seen, [
    ['added', 'mine', undefined], ['waiting', 'mine', undefined], ['active', 'mine', undefined],
    ['progress', 'mine', { percent: 50 }], ['completed', 'mine', undefined]]);
});

test('pause and resume', async (t) => {
  const { queue, events, work } = await open(t);
  const done = [];
  work(async ({ data }) => done.push(data));
  await queue.pause();
  assert.strictEqual(await queue.isPaused(), true);
  const job = await queue.add('n', 'later');
  await pause(100);
  assert.deepStrictEqual([done, await queue.getJobCountByTypes('waiting', 'paused')], [[], 1]);
  await queue.resume();
  await job.waitUntilFinished(events);
  assert.deepStrictEqual(done, ['later']);
});

test('removal', async (t) => {
  const { queue, work } = await open(t);
  const [first, second] = await queue.addBulk(range(10).map((i) => ({ name: 'n', data: i })));
  await queue.add('n', 'delayed', { delay: 1e8 });
  await first.remove();
  assert.strictEqual(await queue.remove(second.id), 1);
  assert.strictEqual(await queue.getJob(first.id), undefined);
  assert.strictEqual((await queue.clean(0, 3, 'wait')).length, 3);
  assert.strictEqual((await counts(queue)).waiting, 5);
  await queue.drain(true);
  assert.deepStrictEqual(Object.values(await counts(queue)), [0, 0, 0, 0, 0]);
  const worker = work(async () => {}, { removeOnComplete: { count: 2 } });
  await queue.addBulk(range(20).map((i) => ({ name: 'n', data: i })));
  await until(async () => await queue.count() === 0 && await queue.getActiveCount() === 0);
  assert.strictEqual(await queue.getCompletedCount(), 2);
  await worker.close();
  await queue.obliterate();
  assert.deepStrictEqual(await admin.keys('bull:work:*'), []);
});

test('the same job once only', async (t) => {
  const { queue } = await open(t);
  const deduplication = { id: 'report' };
  const job = await queue.add('n', 1, { deduplication });
  assert.strictEqual((await queue.add('n', 2, { deduplication })).id, job.id);
  assert.strictEqual((await queue.add('n', 3, { jobId: 'one' })).id, 'one');
  await queue.add('n', 4, { jobId: 'one' });
  assert.strictEqual(await queue.count(), 2);
  assert.strictEqual(await queue.getDeduplicationJobId('report'), job.id);
});

test('a job that its worker dropped is taken over', async (t) => {
  const { queue, events, work } = await open(t);
  const stalled = new Promise((resolve) => { events.once('stalled', resolve); });
  const options = { lockDuration: 300, stalledInterval: 100 };
  let release;
  const first = work(() => new Promise((resolve) => { release = resolve; }), options);
  const job = await queue.add('n', {});
  await until(() => release);
  await first.close(true);
  work(async () => 'by the other', options);
  assert.strictEqual(await job.waitUntilFinished(events), 'by the other');
  assert.deepStrictEqual(await stalled, { jobId: job.id });
  release();
});

test('data, logs and lists of jobs', async (t) => {
  const { queue } = await open(t);
  const job = await queue.add('n', { step: 1 }, { delay: 1e8 });
  await job.updateData({ step: 2, text: 'é\0"' });
  await job.log('one');
  await job.log('two');
  assert.deepStrictEqual(await queue.getJobLogs(job.id), { logs: ['one', 'two'], count: 2 });
  await job.changeDelay(2e8);
  const [found] = await queue.getJobs(['delayed']);
  assert.deepStrictEqual([found.id, found.data, found.delay],
    [job.id, { step: 2, text: 'é\0"' }, 2e8]);
  assert.strictEqual(await queue.getWorkersCount(), 0);
});

test('on top of node-redis', async (t) => {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  const queue = new Queue('other', { connection: client });
  const events = new QueueEvents('other', { connection: client, lastEventId: '0' });
  const worker = new Worker('other', async ({ data }) => data * 2, { connection: client });
  const jobs = await queue.addBulk(
    range(8).map((i) => ({ name: 'n', data: i, opts: { delay: 10 * i } })));
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
  assert.deepStrictEqual(results, [0, 2, 4, 6, 8, 10, 12, 14]);
  await Promise.all([worker.close(), events.close(), queue.close()]);
  if (client.isOpen) client.destroy();
});
