import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { type EventPage, type Position } from '../../../src/engine/core/event-store.js';
import { collect, filledStream, follow, freshCategory, type LogUnderTest, newEvent, numbered } from './case.js';

const revisionsOf = (events: readonly { revision: number }[]): number[] => events.map((event) => event.revision);
const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

export async function following(t: Test, log: LogUnderTest): Promise<void> {
  const { store } = log;

  await t.test(
    'a subscription gives everything from a position, then what comes, each once and in order',
    async (t) => {
      const { prefix, stream } = freshCategory();
      const begin = await store.head();
      const name = stream();
      await filledStream(store, name, numbered(2_500));
      let live = 2_500;
      const seen = await follow(store, prefix, 2_700, {
        from: begin,
        onEvent: ({ revision }) => {
          // One more for each that arrives at the head, so that all of these come live.
          if (revision >= 2_499 && live < 2_700) void store.append(name, [newEvent()], live++ - 1);
        },
      });
      t.same(revisionsOf(seen), upTo(2_700));
      const from = seen[1_000]?.position ?? begin;
      t.same(revisionsOf(await follow(store, prefix, 1_699, { from })), upTo(2_700).slice(1_001), 'from a position');
      t.same(
        seen,
        await collect(store.readAll({ from: begin, filter: { streamPrefixes: [prefix] } })),
        'the same events as readAll',
      );
    },
  );

  await t.test('a subscription resumes where it stopped, across broken connections', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    const name = stream();
    const seen = follow(store, prefix, 300, { from: begin, pageSize: 20 });
    for (let n = 0; n < 300; n++) {
      if (n % 60 === 30) await log.disconnect();
      await store.append(name, [newEvent()], n === 0 ? 'none' : n - 1);
    }
    t.same(revisionsOf(await seen), upTo(300));
  });

  await t.test(
    'a subscription that ended is resumed from its last page, and nothing is lost or repeated',
    async (t) => {
      const { prefix, stream } = freshCategory();
      const begin = await store.head();
      const name = stream();
      const seen: number[] = [];
      let from: Position = begin;
      for (let round = 0; round < 20; round++) {
        await store.append(name, numbered(30), round === 0 ? 'none' : round * 30 - 1);
        const filter = { streamPrefixes: [prefix] };
        for await (const page of store.subscribe({ from, filter, pageSize: 7, signal: new AbortController().signal })) {
          seen.push(...revisionsOf(page.events));
          from = page.position;
          // Any page may be the last: after one of the first, or at the end of the backlog.
          if (page.caughtUp || (round % 3 === 0 && page.events.length > 0)) break;
        }
      }
      const rest = await collect(store.readAll({ from, filter: { streamPrefixes: [prefix] } }));
      t.same([...seen, ...revisionsOf(rest)], upTo(600));
    },
  );

  await t.test(
    'a page holds no more than was asked for, and nothing that matches is left out before its position',
    async (t) => {
      const { prefix, stream } = freshCategory();
      const begin = await store.head();
      for (let i = 0; i < 30; i++) await store.append(stream(), [newEvent('Odd'), ...numbered(3, 'Even')], 'none');
      const filter = { streamPrefixes: [prefix], types: ['Even'] };
      const all = await collect(store.readAll({ from: begin, filter }));
      const stop = new AbortController();
      let given = 0;
      let last: Position = begin;
      let caughtUp = false;
      for await (const page of store.subscribe({ from: begin, filter, pageSize: 8, signal: stop.signal })) {
        t.ok(page.events.length <= 8);
        const onlySaysSo = page.events.length === 0 && page.caughtUp && page.position === last;
        t.ok(page.position > last || onlySaysSo, 'positions go on, unless a page only says that this was all');
        t.notOk(caughtUp, 'nothing comes behind the page that is the last');
        given += page.events.length;
        ({ position: last, caughtUp } = page);
        t.equal(all.filter((event) => event.position <= page.position).length, given);
        if (given === all.length && page.caughtUp) stop.abort();
      }
      t.equal(given, 90);
    },
  );

  await t.test('a subscription says how far it is when nothing matches', async (t) => {
    const { stream } = freshCategory();
    const begin = await store.head();
    const stop = new AbortController();
    const filter = { types: ['HappensNever'] };
    const { position } = await store.append(stream(), numbered(5), 'none');
    let reached = begin;
    let next: Position = position;
    for await (const page of store.subscribe({ from: begin, filter, signal: stop.signal })) {
      t.same(page.events, []);
      t.ok(page.position > reached);
      reached = page.position;
      if (reached >= next && next > position) stop.abort();
      else if (reached >= position) ({ position: next } = await store.append(stream(), numbered(5), 'none'));
    }
    t.ok(reached >= next);
  });

  await t.test('a reader that waits for a position is told soon that it is reached, if nothing matches', async (t) => {
    const { stream } = freshCategory();
    const stop = new AbortController();
    const from = await store.head();
    const subscription = store.subscribe({ from, filter: { types: ['HappensNever'] }, signal: stop.signal });
    let reached = from;
    const following = (async (): Promise<void> => {
      for await (const page of subscription) reached = page.position;
    })();
    const waits: number[] = [];
    // Once is proof: left to the look that comes now and then, none can be so short.
    for (let turn = 0; turn < 5 && !waits.some((waited) => waited < 250); turn++) {
      await sleep(100);
      const { position } = await store.append(stream(), numbered(1), 'none');
      const since = performance.now();
      subscription.reach(position);
      while (reached < position) await sleep(2);
      waits.push(performance.now() - since);
    }
    t.ok(Math.min(...waits) < 250, `at once: ${waits.map(Math.round).join(', ')} ms`);
    stop.abort();
    await following;
  });

  await t.test('a subscription that is slowly pulled misses nothing', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    const name = stream();
    await store.append(name, numbered(1), 'none');
    const stop = new AbortController();
    const pages = store.subscribe({
      from: begin,
      filter: { streamPrefixes: [prefix] },
      signal: stop.signal,
      pageSize: 100,
    });
    const seen: number[] = [];
    for await (const page of pages) {
      seen.push(...revisionsOf(page.events));
      if (seen.length === 1) for (let n = 0; n < 200; n++) await store.append(name, numbered(3), n * 3);
      if (seen.length === 601) stop.abort();
    }
    t.same(seen, upTo(601));
  });

  await t.test('many subscriptions with filters of their own each get what is theirs', async (t) => {
    const categories = upTo(10).map(freshCategory);
    const begin = await store.head();
    const following = categories.map(({ prefix }) => follow(store, prefix, 60, { from: begin }));
    await turn();
    for (let n = 0; n < 60; n++) {
      await Promise.all(
        categories.map(({ stream }) => store.append(stream('one'), [newEvent()], n === 0 ? 'none' : n - 1)),
      );
    }
    for (const seen of await Promise.all(following)) t.same(revisionsOf(seen), upTo(60));
  });

  await t.test('an abort ends a subscription promptly and without an error', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    const filter = { streamPrefixes: [prefix] };
    t.same(
      await collect(store.subscribe({ from: begin, filter, signal: AbortSignal.abort() })),
      [],
      'before it begins',
    );

    const waiting = new AbortController();
    const pages: EventPage[] = [];
    const following = (async (): Promise<void> => {
      for await (const page of store.subscribe({ from: begin, filter, signal: waiting.signal })) pages.push(page);
    })();
    await store.append(stream(), numbered(1), 'none');
    while (pages.flatMap((page) => page.events).length === 0) await sleep(5);
    await sleep(50);
    const since = performance.now();
    waiting.abort();
    await following;
    t.ok(performance.now() - since < 500, 'while it waits at the head, not at the next poll');

    await filledStream(store, stream(), numbered(3_000));
    const busy = new AbortController();
    let read = 0;
    for await (const event of store.readAll({ from: begin, filter, signal: busy.signal })) {
      read += event.type === 'Counted' ? 1 : 0;
      busy.abort();
    }
    t.equal(read, 1, 'readAll too, after the event at hand');
    const stopped = await collect(store.read(stream('x'), { signal: AbortSignal.abort() }));
    t.same(stopped, [], 'and read');
  });

  await t.test('closing a store ends its subscriptions', async (t) => {
    const other = log.another();
    const { prefix } = freshCategory();
    const signal = new AbortController().signal;
    const from = await store.head();
    const following = upTo(3).map(() =>
      collect(other.subscribe({ from, filter: { streamPrefixes: [prefix] }, signal })),
    );
    await sleep(50);
    const since = performance.now();
    await other.close();
    await Promise.all(following);
    t.ok(performance.now() - since < 3_000, 'in time');
    await t.rejects(other.append(prefix, numbered(1), 'any'), { name: 'EventStoreUnavailable' });
  });
}
