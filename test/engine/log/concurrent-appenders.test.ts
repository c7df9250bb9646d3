import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t, { type Test } from 'tap';
import { type Filter, type Position, START } from '../../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import type { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { collect } from '../../support/event-store/case.js';
import { APPEND_EVENTS, appendArguments, postgresLog } from '../../support/event-store/postgres-log.js';
import { type Acknowledged, appendMuch, type Task } from './appending-process.js';

const MILLISECONDS = 1_500;

t.test('hundreds of appenders in several processes: readers miss nothing, and no gap fills later', async (t) => {
  const log = await postgresLog(t);
  const stores = [log.store, log.another()];
  const end = new AbortController();
  t.teardown(() => end.abort());
  const followers = [
    followed(log.store, {}, end.signal),
    followed(log.another(), {}, end.signal),
    followed(log.another(), { types: ['Odd'] }, end.signal),
    followed(log.another(), { streamPrefixes: ['contended-'], types: ['Even'] }, end.signal),
  ];
  const polled = poll(log.store, end.signal);

  const acknowledged = (
    await Promise.all([
      ...stores.map((store) => appendMuch(store, 60, MILLISECONDS)),
      ...[1, 2, 3].map(() => inAnotherProcess(t, { config: log.config, writers: 70, milliseconds: MILLISECONDS })),
      ...[1, 2, 3].map(() => openTransactions(log.config)),
    ])
  ).flat();
  const all = await collect(log.store.readAll());
  t.ok(acknowledged.length > 2_000, `${acknowledged.length} events`);
  t.same(
    all.map((event) => BigInt(`0x${event.position}`)),
    all.map((_, i) => BigInt(i + 1)),
    'positions have no gap, in spite of what was rolled back',
  );
  t.same(
    all.map((event) => `${event.id} ${event.position}`).toSorted(),
    acknowledged.map(([id, position]) => `${id} ${position}`).toSorted(),
    'the log is what was acknowledged, each event once, at the position that was told',
  );
  const next = new Map<string, number>();
  const broken = all.filter(({ stream, revision }) => {
    const expected = next.get(stream) ?? 0;
    next.set(stream, revision + 1);
    return revision !== expected;
  });
  t.same(broken, [], 'every stream is in order and has no gap');
  const times = all.map((event) => event.recordedAt);
  t.same(times, times.toSorted(), 'the clock of the log never runs backwards');

  await sleep(1_500);
  end.abort();
  const places = (events: readonly RecordedEvent[]): string[] => events.map((event) => event.position);
  const [everything, elsewhere, odd, contended] = await Promise.all(followers);
  t.same(places(everything ?? []), places(all), 'a subscription');
  t.same(places(elsewhere ?? []), places(all), 'a subscription of another process');
  t.same(places(odd ?? []), places(all.filter((event) => event.type === 'Odd')), 'one that filters by type');
  const wanted = all.filter((event) => event.type === 'Even' && event.stream.startsWith('contended-'));
  t.same(places(contended ?? []), places(wanted), 'one that filters by stream and type');
  t.same(places(await polled), places(all), 'a reader that asks again and again for what is behind the last it saw');
});

async function followed(store: PostgresEventStore, filter: Filter, signal: AbortSignal): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of store.subscribe({ from: START, filter, signal })) events.push(...page.events);
  return events;
}

async function poll(store: PostgresEventStore, signal: AbortSignal): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let from: Position = START;
  while (!signal.aborted) {
    for await (const event of store.readAll({ from, limit: 500 })) {
      events.push(event);
      from = event.position;
    }
    await sleep(2);
  }
  return events;
}

function inAnotherProcess(t: Test, task: Task): Promise<Acknowledged> {
  const child = fork(join(import.meta.dirname, 'appending-process.js'));
  t.teardown(() => child.kill('SIGKILL'));
  child.send(task);
  return new Promise((resolve, reject) => {
    child.on('message', resolve);
    child.on('exit', (code) => {
      if (code !== 0) reject(new Error(`ended with ${code}`));
    });
  });
}

/** Appends in transactions that stay open for a while, and of which most are rolled back. */
async function openTransactions(config: pg.PoolConfig): Promise<Acknowledged> {
  const client = new pg.Client(config);
  await client.connect();
  const acknowledged: Acknowledged = [];
  const end = Date.now() + MILLISECONDS;
  while (Date.now() < end) {
    const appends = [1, 2].map(() => ({ stream: `order-${randomUUID()}`, expected: -1, id: randomUUID() }));
    await client.query('BEGIN');
    const { rows } = await client.query<{ last_position: string }>(APPEND_EVENTS, appendArguments(appends, 'Odd'));
    await sleep(Math.random() * 15);
    const kept = Math.random() < 0.3;
    await client.query(kept ? 'COMMIT' : 'ROLLBACK');
    if (kept) {
      const first = BigInt(rows[0]?.last_position ?? 0) - BigInt(appends.length - 1);
      appends.forEach(({ id }, i) => {
        acknowledged.push([id, (first + BigInt(i)).toString(16).padStart(16, '0')]);
      });
    }
    await sleep(Math.random() * 10);
  }
  await client.end();
  return acknowledged;
}
