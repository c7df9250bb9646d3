import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import t from 'tap';
import type { CommandEnd, RunCommand, Told } from '../../src/ops/jobs/command-runner.js';
import { beginJob } from '../../src/ops/jobs/job-table.js';
import { Jobs } from '../../src/ops/jobs/jobs.js';
import type { Job } from '../../src/ops/jobs/job.js';
import { openStream } from '../support/event-stream.js';
import { outcome } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { type RunningApp, runningApp } from '../support/running-app.js';

/** A command that runs until it is told how to end. */
class Held {
  args: readonly string[] = [];
  tell: (told: Told) => void = () => undefined;
  signal: AbortSignal | null = null;
  end: (end: CommandEnd) => void = () => undefined;

  static all: Held[] = [];
}

const done = (document: Readonly<Record<string, unknown>>, exitCode = 0): CommandEnd => ({
  ...{ document, exitCode, remark: '' },
});

/** @returns what runs, in the order in which it began */
function heldCommands(): { run: RunCommand; running: Held[] } {
  const running: Held[] = [];
  const run: RunCommand = (args, { signal, tell }) =>
    new Promise((resolve) => {
      const held = Object.assign(new Held(), { args, signal, end: resolve, ...(tell && { tell }) });
      running.push(held);
      const cut = { document: { error: { name: 'Error', message: 'interrupted' } }, exitCode: 1, remark: '' };
      void once(signal, 'abort').then(() => resolve(cut));
    });
  return { run, running };
}

async function start(shop: RunningApp, json: object, headers = {}): Promise<Job> {
  return (await shop.http.ok('POST', '/v1/ops/jobs', { json, headers })).data as Job;
}

async function job(shop: RunningApp, { job_id }: Pick<Job, 'job_id'>): Promise<Job> {
  return (await shop.http.ok('GET', `/v1/ops/jobs/${job_id}`)).data as Job;
}

void t.test(
  'a job runs the command of its kind, tells how far it is, and keeps what the command printed',
  async (t) => {
    const { run, running } = heldCommands();
    const shop = await runningApp(t, { projectors: false, runCommand: run });
    const answer = await shop.http.ok('POST', '/v1/ops/jobs', { json: { kind: 'rebuild', model: 'users' } });
    t.equal(answer.status, 202);
    const started = answer.data as Job;
    t.equal(answer.headers.get('location'), `/v1/ops/jobs/${started.job_id}`);
    t.match(started, {
      ...{ kind: 'rebuild', models: ['users'], parameters: { switch: true }, cancel_requested: false },
      ...{ requested_by: { kind: 'anonymous', id: null }, result: null, error: null, ended_at: null },
    });
    await until(() => running.length === 1);
    t.same(running[0]?.args, ['rebuild', 'users', '--json']);
    running[0]?.tell({ what: 'events', done: 250, total: 1_000, seconds: 2 });
    await until(async () => (await job(shop, started)).progress !== null);
    t.match(await job(shop, started), {
      state: 'running',
      progress: { what: 'events', done: 250, total: 1_000, per_second: 125, seconds_left: 6 },
    });
    running[0]?.end(done({ models: [{ name: 'users', version: 2, switched: true }] }));
    await until(async () => (await job(shop, started)).state === 'done');
    const ended = await job(shop, started);
    t.match(ended, { ok: true, result: { models: [{ name: 'users', version: 2, switched: true }] } });
    t.ok(ended.ended_at !== null && ended.started_at !== null);
  },
);

void t.test('what is asked for becomes the arguments of the command', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  await shop.addCategory();
  const all = shop.runtime.projections.map(({ name }) => name);
  const until_ = shop.http.position;
  const asked: readonly (readonly [object, readonly string[]])[] = [
    [
      { kind: 'rebuild', models: ['users', 'products'], switch: false },
      ['rebuild', 'users', 'products', '--no-switch', '--json'],
    ],
    [{ kind: 'verify' }, ['verify', ...all, '--brief', '--json']],
    [{ kind: 'rollback', models: ['users'], degraded: true }, ['rollback', 'users', '--degraded', '--json']],
    [{ kind: 'replay', model: 'users', until: until_ }, ['replay', 'users', `--until=${until_}`, '--json']],
  ];
  for (const [json, args] of asked) {
    const started = await start(shop, json);
    await until(() => running.length === 1);
    const [held] = running.splice(0);
    t.same(new Set(held?.args), new Set(args), JSON.stringify(json));
    held?.end(done({}));
    await until(async () => (await job(shop, started)).state === 'done');
  }
});

void t.test('a request that can not be meant starts nothing, and says why', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const refused: readonly (readonly [object, string])[] = [
    [{}, '400 invalid-request'],
    [{ kind: 'destroy' }, '400 invalid-request'],
    [{ kind: 'rebuild', models: ['nothing'] }, '400 invalid-request'],
    [{ kind: 'rebuild', model: '--help' }, '400 invalid-request'],
    [{ kind: 'rebuild', model: 'users', models: ['users'] }, '400 invalid-request'],
    [{ kind: 'rebuild', until: 'now' }, '400 invalid-request'],
    [{ kind: 'rollback' }, '400 invalid-request'],
    [{ kind: 'rollback', models: ['users', 'products'] }, '400 invalid-request'],
    [{ kind: 'replay' }, '400 invalid-request'],
    [{ kind: 'replay', until: 'none' }, '400 invalid-log-position'],
    [{ kind: 'replay', until: '2999-01-01T00:00:00Z' }, '400 invalid-request'],
  ];
  for (const [json, wanted] of refused)
    t.equal(outcome(await shop.http.send('POST', '/v1/ops/jobs', { json })), wanted, JSON.stringify(json));
  t.same(running, []);
  t.same((await shop.http.ok('GET', '/v1/ops/jobs')).data, []);
  for (const method of ['GET', 'DELETE'])
    t.equal(outcome(await shop.http.send(method, `/v1/ops/jobs/${randomUUID()}`)), '404 job-not-found');
});

void t.test('one job at a time works on a read model, others wait for their turn, and all are listed', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const first = await start(shop, { kind: 'rebuild', model: 'users' });
  for (const json of [{ kind: 'rebuild' }, { kind: 'rollback', model: 'users' }]) {
    const answer = await shop.http.send('POST', '/v1/ops/jobs', { json });
    t.equal(outcome(answer), '409 job-running');
    t.match(answer.body, { detail: new RegExp(first.job_id) }, 'it names the job that is in the way');
  }
  const verify = await start(shop, { kind: 'verify' });
  const third = await start(shop, { kind: 'rebuild', model: 'products' });
  await until(() => running.length === 2);
  t.equal((await job(shop, third)).state, 'waiting');
  running[0]?.end(done({}));
  await until(() => running.length === 3);
  running[1]?.end(done({ ok: false }, 1));
  running[2]?.end({ document: { error: { name: 'E', message: 'no disk' } }, exitCode: 1, remark: '' });
  await until(async () => (await job(shop, third)).state === 'failed' && (await job(shop, verify)).state === 'done');

  const list = (await shop.http.ok('GET', '/v1/ops/jobs')).data as Job[];
  t.match(list, [
    { job_id: third.job_id, state: 'failed', error: 'no disk', ok: null },
    { job_id: verify.job_id, state: 'done', ok: false },
    { job_id: first.job_id, state: 'done', ok: true },
  ]);
  const page = await shop.http.ok('GET', '/v1/ops/jobs?limit=2');
  const { next } = page.body as { next: string };
  t.same([...(page.data as Job[]), ...((await shop.http.ok('GET', next)).data as Job[])], list);
  t.match((await shop.http.ok('GET', '/v1/ops/jobs?kind=verify&state=done')).data, [{ job_id: verify.job_id }]);
});

void t.test('jobs begin in the order in which they were asked for', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const jobs: Job[] = [];
  for (const model of ['users', 'products', 'order-counts', 'user-orders'])
    jobs.push(await start(shop, { kind: 'rebuild', model }));
  await until(() => running.length === 2);
  const last = jobs[3] as Job;
  const ended = running[0] as Held;
  ended.end(done({}));
  await until(async () => (await job(shop, jobs[0] as Job)).state === 'done');
  t.notOk(await beginJob(shop.runtime.engine.pool, last.job_id, 2), 'the one before it has the place that came free');
  await until(() => running.length === 3);
  t.same(running[2]?.args, ['rebuild', 'order-counts', '--json']);
  for (const held of running) held.end(done({}));
});

void t.test('a job is canceled while it waits and while it runs, and one that has ended stays as it is', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const jobs = [];
  for (const model of ['users', 'products', 'order-counts']) jobs.push(await start(shop, { kind: 'rebuild', model }));
  await until(() => running.length === 2);
  for (const one of jobs.toReversed()) {
    const { data } = await shop.http.ok('DELETE', `/v1/ops/jobs/${one.job_id}`);
    t.match(data, { state: 'cancelled', cancel_requested: true });
  }
  t.equal(running.length, 2, 'the one that waited never ran');
  t.ok(running.every(({ signal }) => signal?.aborted));
  const again = await start(shop, { kind: 'rebuild', model: 'users' });
  await until(() => running.length === 3);
  running[2]?.end(done({}));
  await until(async () => (await job(shop, again)).state === 'done');
  const { data } = await shop.http.ok('DELETE', `/v1/ops/jobs/${again.job_id}`);
  t.match(data, { state: 'done', cancel_requested: false });
});

void t.test('another process sees a job, cancels it, and is refused one that would disturb it', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const other = new Jobs({ pool: shop.runtime.pool, run, log: shop.runtime.engine.log });
  const started = await start(shop, { kind: 'verify', model: 'users' });
  await until(() => running.length === 1);
  const request = { kind: 'verify', model: 'users' } as const;
  const asked = { jobId: randomUUID(), request, models: ['users'], requestedBy: { kind: 'admin', id: 'a' } };
  await t.rejects(other.start(asked), { code: 'job-running' });
  t.match(await other.cancel(started.job_id), { state: 'cancelled' });
});

void t.test('the same request under the same key starts one job', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const headers = { 'idempotency-key': 'once' };
  const first = await start(shop, { kind: 'verify' }, headers);
  const again = await shop.http.ok('POST', '/v1/ops/jobs', { json: { kind: 'verify' }, headers });
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.equal(again.status, 202);
  t.equal(again.headers.get('location'), `/v1/ops/jobs/${first.job_id}`);
  const other = await shop.http.send('POST', '/v1/ops/jobs', { json: { kind: 'rebuild' }, headers });
  t.equal(outcome(other), '422 idempotency-mismatch');
  await until(() => running.length === 1);
});

void t.test('a job is followed as events, each change once, until it has ended', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const started = await start(shop, { kind: 'verify' });
  const stream = await openStream(t, shop.http, `/v1/ops/jobs/${started.job_id}`);
  await until(() => running.length === 1);
  running[0]?.tell({ what: 'events', done: 1, total: null, seconds: 1 });
  await until(() => stream.events.some(({ data }) => (data as Job).progress !== null));
  running[0]?.end(done({ ok: true }));
  await stream.ended;
  t.ok(stream.events.every(({ event }) => event === 'job'));
  t.match(stream.events.at(-1)?.data, { state: 'done', result: { ok: true } });
  const texts = stream.events.map(({ data }) => JSON.stringify(data));
  t.equal(new Set(texts).size, texts.length);
});

void t.test('a client that connects to a job again is told each state once, the last one too', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const { job_id } = await start(shop, { kind: 'verify' });
  const path = `/v1/ops/jobs/${job_id}`;
  await until(() => running.length === 1);
  const first = await openStream(t, shop.http, path);
  await first.count(1);
  first.close();
  const headers = { 'last-event-id': first.lastId() ?? '' };
  const second = await openStream(t, shop.http, path, headers);
  running[0]?.end(done({ ok: true }));
  await second.ended;
  t.match(second.events, [{ data: { state: 'done' } }]);
  const third = await openStream(t, shop.http, path, { 'last-event-id': second.lastId() ?? '' });
  await third.ended;
  t.same([third.status, third.events], [204, []], 'an EventSource connects no more');
  t.equal(third.headers.get('content-length'), null);
  const fourth = await openStream(t, shop.http, path, { 'last-event-id': first.lastId() ?? '' });
  await fourth.ended;
  t.match(fourth.events, [{ data: { state: 'done' } }], 'one that has not seen the end is told it');
});

void t.test('a job whose lease has run out is lost: it can not end well any more, and makes room', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const started = await start(shop, { kind: 'rebuild', model: 'users' });
  await until(() => running.length === 1);
  // As after ten seconds in which its process was frozen.
  await shop.database.pool.query('update orderlog.jobs set lease_until = clock_timestamp()');
  t.match(await job(shop, started), { state: 'lost', error: /Start it again/ });
  await until(() => running[0]?.signal?.aborted === true);
  t.equal((await job(shop, started)).state, 'lost');
  await start(shop, { kind: 'rebuild', model: 'users' });
});

void t.test('the jobs of a process that ends are lost at once', async (t) => {
  const { run, running } = heldCommands();
  const shop = await runningApp(t, { projectors: false, runCommand: run });
  const started = await start(shop, { kind: 'verify' });
  await until(() => running.length === 1);
  await shop.close();
  const next = await runningApp(t, { projectors: false, runCommand: run, database: shop.database });
  t.match(await job(next, started), { state: 'lost' });
});
