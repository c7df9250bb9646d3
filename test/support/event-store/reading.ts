import type { Test } from 'tap';
import { StreamNotFound } from '../../../src/engine/core/errors.js';
import { type Position, START } from '../../../src/engine/core/event-store.js';
import { collect, failure, filledStream, freshCategory, type LogUnderTest, newEvent, numbered } from './case.js';

const numbers = (events: readonly { data: { readonly n?: unknown } }[]): unknown[] =>
  events.map((event) => event.data.n);
const range = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);

export async function reading(t: Test, { store, another }: LogUnderTest): Promise<void> {
  await t.test('an unknown stream is a typed error, not an empty list', async (t) => {
    const { stream } = freshCategory();
    const name = stream();
    for (const options of [{}, { from: 3 }, { limit: 1 }]) {
      const error = await failure(collect(store.read(name, options)));
      if (!(error instanceof StreamNotFound)) return t.fail(String(error));
      t.equal(error.stream, name);
    }
    await store.append(name, [newEvent()], 'none');
    t.same(await collect(store.read(name, { from: 1 })), [], 'a known one that has nothing more is an empty list');
  });

  await t.test('a stream of 10,000 events is read forwards, from a revision and up to a limit', async (t) => {
    const name = freshCategory().stream();
    await filledStream(store, name, numbered(10_000));
    t.same(numbers(await collect(store.read(name))), range(0, 10_000));
    for (const from of [1, 499, 500, 501, 5_000, 9_999]) {
      const read = await collect(store.read(name, { from }));
      t.same(
        read.map((event) => event.revision),
        range(from, 10_000),
        `from ${from}`,
      );
    }
    t.same(numbers(await collect(store.read(name, { from: 700, limit: 1_234 }))), range(700, 1_934));
    t.same(numbers(await collect(store.read(name, { from: 9_990, limit: 500 }))), range(9_990, 10_000));
    t.same(await collect(store.read(name, { from: 10_000 })), []);
    t.equal((await store.append(name, [newEvent()], 9_999)).revision, 10_000);
  });

  await t.test('many streams read at the same moment are not mixed up', async (t) => {
    const { stream } = freshCategory();
    const names = range(0, 100).map(stream);
    await Promise.all(names.map((name, n) => store.append(name, numbered(n + 1), 'none')));
    const unknown = failure(collect(store.read(stream())));
    const read = await Promise.all(names.map((name, n) => collect(store.read(name, { from: n % 3 }))));
    t.type(await unknown, StreamNotFound);
    t.same(
      read.map((events) => events.map((event) => [event.stream, event.revision])),
      names.map((name, n) => range(n % 3, n + 1).map((revision) => [name, revision])),
    );
  });

  await t.test('readAll gives the events of all streams in log order', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    const [a, b, c] = [stream('a'), stream('b'), stream('c')];
    const lasts: Position[] = [];
    for (const [name, count, expected] of [
      [a, 2, 'none'],
      [b, 1, 'none'],
      [a, 1, 1],
      [c, 3, 'none'],
      [b, 1, 0],
    ] as const) {
      lasts.push((await store.append(name, numbered(count), expected)).position);
    }
    const filter = { streamPrefixes: [prefix] };
    const all = await collect(store.readAll({ from: begin, filter }));
    t.same(
      all.map((event) => [event.stream, event.revision]),
      [a, a, b, a, c, c, c, b].map((name, i) => [name, [0, 1, 0, 2, 0, 1, 2, 1][i]]),
    );
    const positions = all.map((event) => event.position);
    t.same(
      lasts,
      [1, 2, 3, 6, 7].map((i) => positions[i]),
    );
    for (const [i, from] of positions.entries()) {
      t.same(await collect(store.readAll({ from, filter })), all.slice(i + 1), `after the ${i + 1}th`);
      t.same(
        await collect(store.readAll({ from: begin, until: from, filter })),
        all.slice(0, i + 1),
        `up to the ${i + 1}th`,
      );
    }
    t.same(await collect(store.readAll({ from: begin, filter, limit: 3 })), all.slice(0, 3));
    t.same(await collect(store.readAll({ from: await store.head(), filter })), []);
  });

  await t.test('readAll filters by stream prefix, by event type, and by both', async (t) => {
    const [one, other] = [freshCategory(), freshCategory()];
    const begin = await store.head();
    const types = ['Opened', 'Changed', 'Closed'] as const;
    for (const { stream } of [one, other]) {
      for (const id of ['x_1', 'x%2'])
        await store.append(
          stream(id),
          types.map((type) => newEvent(type)),
          'none',
        );
    }
    const seen = async (filter: { streamPrefixes?: string[]; types?: string[] }, from = begin): Promise<string[]> =>
      (await collect(store.readAll({ from, filter }))).map(({ stream, type }) => `${stream.split('-')[1]} ${type}`);
    const all = ['x_1', 'x%2'].flatMap((id) => types.map((type) => `${id} ${type}`));
    t.same(await seen({ streamPrefixes: [one.prefix] }), all);
    t.same(await seen({ streamPrefixes: [one.prefix, other.prefix] }), [...all, ...all]);
    t.same(await seen({ streamPrefixes: [`${one.prefix}x_`] }), all.slice(0, 3), 'a prefix is not a pattern');
    t.same(await seen({ streamPrefixes: [one.prefix], types: ['Closed', 'Opened'] }), [
      'x_1 Opened',
      'x_1 Closed',
      'x%2 Opened',
      'x%2 Closed',
    ]);
    t.same(await seen({ streamPrefixes: [one.prefix], types: ['Neither'] }), []);
    t.same(await seen({ streamPrefixes: [one.prefix], types: [] }), [], 'no type lets nothing pass');
    const [first] = await collect(store.readAll({ from: begin, filter: { streamPrefixes: [one.prefix] }, limit: 1 }));
    const [last] = (
      await collect(store.readAll({ from: first?.position ?? begin, filter: { types: ['Closed'] } }))
    ).slice(-1);
    t.equal(last?.type, 'Closed', 'by type alone');
  });

  await t.test('readAll goes over many pages, and ends at the head as it is when it gets there', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    const name = stream();
    await filledStream(store, name, numbered(4_500));
    const seen: number[] = [];
    for await (const event of store.readAll({ from: begin, filter: { streamPrefixes: [prefix] } })) {
      seen.push(event.revision);
      if (seen.length === 1) await store.append(name, [newEvent('Late')], 4_499);
    }
    t.same(seen, range(0, 4_501));
  });

  await t.test('positions compare in log order, as strings, from START on', async (t) => {
    const { prefix, stream } = freshCategory();
    const positions: Position[] = [START];
    for (let i = 0; i < 40; i++) positions.push((await store.append(stream(), numbered(1 + (i % 7)), 'none')).position);
    t.same(positions, [...new Set(positions)].toSorted());
    const logged = await collect(store.readAll({ filter: { streamPrefixes: [prefix] } }));
    const all = logged.map((event) => event.position);
    t.same(all, [...new Set(all)].toSorted());
    const lasts = logged.filter(({ stream }, i) => logged[i + 1]?.stream !== stream);
    t.same(
      lasts.map((event) => event.position),
      positions.slice(1),
    );
  });

  await t.test('the head is at the last event', async (t) => {
    const { prefix, stream } = freshCategory();
    const before = await store.head();
    const { position } = await store.append(stream(), numbered(3), 'none');
    t.ok(before < position);
    const head = await store.head();
    // Others may write meanwhile, the server itself among them.
    t.ok(head >= position);
    t.same(await collect(store.readAll({ from: head, filter: { streamPrefixes: [prefix] } })), []);
  });

  await t.test('the distance to the head counts what matches, up to a cap, and dates the oldest', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    const filter = { streamPrefixes: [prefix], types: ['Opened'] };
    const distance = async (position: Position, cap: number): Promise<unknown> =>
      (await store.distances([{ position, filter }], cap))[0];
    t.same(await distance(begin, 10), { events: 0, oldest: null });
    const first = await store.append(stream(), [newEvent('Opened'), newEvent('Closed')], 'none');
    const second = await store.append(stream(), numbered(5, 'Opened'), 'none');
    const [opened, next] = await collect(store.readAll({ from: begin, filter }));
    t.same(await distance(begin, 100), { events: 6, oldest: opened?.recordedAt });
    t.same(await distance(begin, 4), { events: 4, oldest: opened?.recordedAt });
    t.same(await distance(first.position, 100), { events: 5, oldest: next?.recordedAt });
    t.same(await distance(second.position, 100), { events: 0, oldest: null });
    const all = [
      { position: first.position, filter },
      { position: begin, filter: { streamPrefixes: [prefix], types: ['Closed'] } },
      { position: second.position, filter: { streamPrefixes: [prefix] } },
      { position: begin, filter: { streamPrefixes: ['nobody-'] } },
    ];
    const found = (await store.distances(all, 3)).map(({ events }) => events);
    t.same(found, [3, 1, 0, 0], 'of several at once, each by its own filter and from its own place');
  });

  await t.test('a log has one id, for each reader', async (t) => {
    const stores = [store, ...range(0, 4).map(() => another())];
    const ids = await Promise.all([...stores, ...stores].map((each) => each.logId()));
    t.equal(new Set(ids).size, 1);
    const opened = await collect(store.read('log-main'));
    t.equal(opened.length, 1);
    t.match(opened[0], { type: 'LogOpened', revision: 0, data: { log_id: ids[0] }, metadata: { schema_version: 1 } });
    for (const each of stores.slice(1)) if (each !== store) await each.close();
  });
}
