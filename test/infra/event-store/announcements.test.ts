import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { EventPage, Position } from '../../../src/core/event-store.js';
import { numberOf, positionOf } from '../../../src/infra/event-store/postgres-position.js';
import { follow } from '../../../src/infra/event-store/postgres-subscription.js';
import type { Follower, PostgresTail } from '../../../src/infra/event-store/postgres-tail.js';

/** A subscription to events of type Wanted that has read up to 10, on a log that is announced by hand. */
interface Following {
  announce(first: number, last: number, types: string[] | null): void;
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
    announce(first, last, types): void {
      follower?.onRange({ first: BigInt(first), last: BigInt(last), types: types && new Set(types) });
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
  const pages = follow(tail, { from: position(9), filter: { types: ['Wanted'] }, signal: stop.signal }, read);
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
  log.announce(11, 14, ['Other']);
  await atRest(log);
  log.announce(15, 15, ['Other', 'Another']);
  log.announce(13, 16, ['Other']);
  await atRest(log);
  t.same([log.reads, log.given], [[9], [10, 14, 16]]);
});

t.test('what may match is read', async (t) => {
  const log = await following(t);
  log.head = 12;
  log.announce(11, 12, ['Other', 'Wanted']);
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
  log.announce(13, 14, ['Other']);
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
    log.announce(12, 13, ['Wanted']);
  };
  log.announce(11, 11, ['Wanted']);
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
  log.announce(8, 10, ['Wanted']);
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
