import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { EventPage, Position } from '../../../src/engine/core/event-store.js';
import { numberOf, positionOf } from '../../../src/engine/log/postgres/position.js';
import { APPEND_EVENTS, appendArguments, postgresLog } from '../../support/event-store/postgres-log.js';
import { newEvent } from '../../support/event-store/case.js';
import { follow } from '../../../src/engine/log/postgres/subscription.js';
import type { Follower, PostgresTail } from '../../../src/engine/log/postgres/tail.js';

/** A subscription to the streams wanted-… that has read up to 10, on a log that is announced by hand. */
interface Following {
  announce(first: number, last: number, categories: string[] | null): void;
  announceHead(head: number): void;
  /** Where the subscription read from, each time it did. */
  readonly reads: number[];
  /** Positions of the pages that it gave. */
  readonly given: number[];
  /** The end of the log as the next read finds it. */
  head: number;
  /** Runs while a page is read. */
  during: () => void;
}

async function following(t: Test): Promise<Following> {
  let follower: Follower | null = null;
  const tail = {
    follow(one: Follower): () => void {
      follower = one;
      return () => (follower = null);
    },
  } as unknown as PostgresTail;
  const position = (n: number): Position => positionOf(BigInt(n));
  const log: Following = {
    announce(first, last, categories): void {
      follower?.onRange({ first: BigInt(first), last: BigInt(last), categories: categories && new Set(categories) });
    },
    announceHead: (head) => follower?.onHead(BigInt(head)),
    reads: [],
    given: [],
    head: 10,
    during: () => undefined,
  };
  const read = async (from: Position): Promise<EventPage> => {
    const head = log.head;
    log.reads.push(Number(numberOf(from)));
    await sleep(1);
    log.during();
    log.during = (): void => undefined;
    return { events: [], position: position(Math.max(head, Number(numberOf(from)))), caughtUp: true };
  };
  const stop = new AbortController();
  const pages = follow(tail, { from: position(9), filter: { streamPrefixes: ['wanted-'] }, signal: stop.signal }, read);
  const ended = (async (): Promise<void> => {
    for await (const page of pages) log.given.push(Number(numberOf(page.position)));
  })();
  t.teardown(async () => {
    stop.abort();
    await ended;
    if (follower) throw new Error('it still listens');
  });
  await atRest(log);
  t.same([log.reads, log.given], [[9], [10]], 'it reads once at the start');
  return log;
}

/** Waits until nothing has happened for a while, measured in turns, so that a slow machine is only slow. */
async function atRest(log: Following): Promise<void> {
  for (let still = 0, last = -1; still < 4;) {
    await sleep(3);
    const now = log.reads.length + log.given.length;
    still = now === last ? still + 1 : 0;
    last = now;
  }
}

t.test('what can not match and follows on what was read is stepped over without a query', async (t) => {
  const log = await following(t);
  log.announce(11, 14, ['other']);
  await atRest(log);
  log.announce(15, 15, ['other', 'wantedToo']);
  log.announce(13, 16, ['other']);
  await atRest(log);
  t.same([log.reads, log.given], [[9], [10, 14, 16]]);
});

t.test('what may match is read', async (t) => {
  const log = await following(t);
  log.head = 12;
  log.announce(11, 12, ['other', 'wanted']);
  await atRest(log);
  log.head = 13;
  log.announce(13, 13, null);
  await atRest(log);
  t.same(
    [log.reads, log.given],
    [
      [9, 10, 12],
      [10, 12, 13],
    ],
  );
});

t.test('what can not match is read nevertheless if something unknown lies before it', async (t) => {
  const log = await following(t);
  log.head = 14;
  log.announce(13, 14, ['other']);
  await atRest(log);
  t.same(
    [log.reads, log.given],
    [
      [9, 10],
      [10, 14],
    ],
  );
});

t.test('what is announced while a page is read is looked at afterwards', async (t) => {
  const log = await following(t);
  log.head = 11;
  log.during = (): void => {
    log.head = 13;
    log.announce(12, 13, ['wanted']);
  };
  log.announce(11, 11, ['wanted']);
  await atRest(log);
  t.same(
    [log.reads, log.given],
    [
      [9, 10, 11],
      [10, 11, 13],
    ],
  );
});

t.test('a head that the poll finds is read; one that was reached is no news', async (t) => {
  const log = await following(t);
  log.announceHead(10);
  log.announce(8, 10, ['wanted']);
  await atRest(log);
  t.same(log.reads, [9]);
  log.head = 17;
  log.announceHead(17);
  await atRest(log);
  t.same(
    [log.reads, log.given],
    [
      [9, 10],
      [10, 17],
    ],
  );
});

t.test('an append announces the categories of its streams to other processes, unless they are too many', async (t) => {
  const { store, pool } = await postgresLog(t);
  const listener = await pool.connect();
  const told: unknown[] = [];
  listener.on('notification', ({ payload }) => told.push(JSON.parse(payload ?? '')));
  await listener.query('listen orderlog_log');
  await store.append('product-1-2', [newEvent(), newEvent()], 'none');
  await pool.query(APPEND_EVENTS, appendArguments(['order-1', 'plain', 'order-2'].map(among)));
  const many = Array.from({ length: 1_000 }, (_, n) => `category${n}-1`);
  await pool.query(APPEND_EVENTS, appendArguments(many.map(among)));
  // What was committed before is told with the next answer at the latest.
  await listener.query('unlisten orderlog_log');
  listener.release();
  t.same(told, [
    { first: 1, last: 2, categories: ['product'] },
    { first: 3, last: 5, categories: ['order', 'plain'] },
    { first: 6, last: 1_005, categories: null },
  ]);
});

function among(stream: string): { stream: string; expected: number; id: string } {
  return { stream, expected: -1, id: randomUUID() };
}
