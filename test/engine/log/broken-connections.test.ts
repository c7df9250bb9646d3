import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { EventStoreUnavailable } from '../../../src/engine/core/errors.js';
import { START } from '../../../src/engine/core/event-store.js';
import { collect, failure, follow, freshCategory, newEvent, numbered } from '../../support/event-store/case.js';
import { lossyProxy } from '../../support/event-store/lossy-proxy.js';
import { breakConnections, postgresLog } from '../../support/event-store/postgres-log.js';

t.test('an answer that was lost is found out, and the append takes effect once', async (t) => {
  const log = await postgresLog(t);
  const proxy = await lossyProxy(t, log.config);
  const store = log.another(proxy.config);
  for (const [name, expected] of [
    ['order-fresh', 'none'],
    ['order-exact', 0],
    ['order-any', 'any'],
  ] as const) {
    if (expected !== 'none') await store.append(name, [newEvent()], 'none');
    const events = numbered(3);
    const lost = proxy.loseNextAnswer();
    const result = await store.append(name, events, expected);
    await lost;
    const stored = (await collect(log.store.read(name))).slice(expected === 'none' ? 0 : 1);
    t.same(
      stored.map((event) => event.id),
      events.map((event) => event.id),
      `expected ${expected}`,
    );
    t.equal(result.position, stored.at(-1)?.position);
  }
});

t.test('appends under load survive broken connections: each acknowledged one is in the log once', async (t) => {
  const { store, pool } = await postgresLog(t);
  const acknowledged: string[] = [];
  let stop = false;
  const writers = Array.from({ length: 48 }, async (_, n) => {
    let revision: number | 'none' = 'none';
    while (!stop) {
      const event = newEvent();
      ({ revision } = await store.append(`order-${n}`, [event], n % 4 === 0 ? 'any' : revision));
      acknowledged.push(event.id);
    }
  });
  for (let broken = 0; broken < 30; broken++) {
    // However slow the machine is, something gets through between two breaks.
    const before = acknowledged.length;
    do await sleep(40);
    while (acknowledged.length === before);
    await breakConnections(pool, 'orderlog-appender');
  }
  stop = true;
  await Promise.all(writers);
  const stored = (await collect(store.readAll())).map((event) => event.id);
  t.same(stored.toSorted(), acknowledged.toSorted());
  t.ok(stored.length > 48, `${stored.length} events`);
});

t.test('a database that stays away is a typed error, in time', async (t) => {
  const log = await postgresLog(t);
  const store = log.another({ ...log.config, host: '/nowhere' }, { giveUpAfterMs: 300 });
  const since = Date.now();
  t.type(await failure(store.append('order-1', [newEvent()], 'none')), EventStoreUnavailable);
  t.ok(Date.now() - since < 5_000);
});

t.test('closing finishes what is under way, and does not wait for a server that is frozen', async (t) => {
  const log = await postgresLog(t);
  const store = log.another();
  const appends = Array.from({ length: 100 }, (_, n) => store.append(`order-${n}`, [newEvent()], 'none'));
  await store.close();
  t.equal((await Promise.all(appends)).length, 100);

  const proxy = await lossyProxy(t, log.config);
  const frozen = log.another(proxy.config);
  const following = collect(frozen.subscribe({ from: START, signal: new AbortController().signal }));
  await frozen.append('order-before', [newEvent()], 'none');
  proxy.freeze();
  const outcomes = ['order-a', 'order-b'].map((name) => failure(frozen.append(name, [newEvent()], 'none')));
  await sleep(20);
  outcomes.push(failure(frozen.append('order-c', [newEvent()], 'none')));
  const since = Date.now();
  await frozen.close();
  t.ok(Date.now() - since < 3_000);
  for (const error of await Promise.all(outcomes)) t.type(error, EventStoreUnavailable);
  await following;
  t.ok(Date.now() - since < 4_000, 'and nobody waits for an answer any more');
});

t.test('an append does not starve beside those who append much', async (t) => {
  const { store } = await postgresLog(t);
  let stop = false;
  const greedy = Array.from({ length: 32 }, async (_, n) => {
    while (!stop) await store.append(`order-greedy-${n}`, numbered(100), 'any');
  });
  const waits: number[] = [];
  for (let n = 0; n < 20; n++) {
    const since = performance.now();
    await store.append(`order-modest-${n}`, [newEvent()], 'none');
    waits.push(performance.now() - since);
  }
  stop = true;
  await Promise.all(greedy);
  t.ok(Math.max(...waits) < 5_000, `waited ${Math.round(Math.max(...waits))} ms at most`);
});

t.test('a follower in another process hears of an append, however many types it has', async (t) => {
  const log = await postgresLog(t);
  const { prefix, stream } = freshCategory();
  const other = log.another();
  const waits: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const seen = follow(other, prefix, 301 + turn * 301);
    await log.store.append(stream(), [newEvent()], 'none');
    await sleep(100);
    // Their names do not fit into a notification.
    const many = Array.from({ length: 300 }, (_, n) => newEvent(`AType${'x'.repeat(60)}${n}`));
    const since = performance.now();
    await log.store.append(stream(), many, 'none');
    t.equal((await seen).length, 301 + turn * 301);
    waits.push(performance.now() - since);
  }
  t.ok(Math.min(...waits) < 500, `woken, not found by the poll: ${waits.map(Math.round).join(', ')} ms`);
});

t.test('a follower continues when notifications are lost', async (t) => {
  const log = await postgresLog(t);
  const { prefix, stream } = freshCategory();
  const other = log.another();
  const name = stream();
  const seen = follow(other, prefix, 3);
  await log.store.append(name, [newEvent()], 'none');
  await sleep(300);
  await breakConnections(log.pool, 'orderlog-tail');
  await log.store.append(name, [newEvent()], 0);
  await sleep(1_200);
  await log.store.append(name, [newEvent()], 1);
  t.same(
    (await seen).map((event) => event.revision),
    [0, 1, 2],
  );
});

t.test('a process that closes its log has nothing left that keeps it alive', async (t) => {
  const { config } = await postgresLog(t);
  const script = join(import.meta.dirname, 'opening-process.js');
  const child = spawn(process.execPath, [script, JSON.stringify(config)], { stdio: 'inherit', timeout: 20_000 });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  t.same({ code, signal }, { code: 0, signal: null }, 'it ends by itself');
});
