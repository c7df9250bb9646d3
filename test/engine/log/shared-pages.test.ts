/** Followers that go through the log together: each gets what it would read alone, and most of it is read once. */
import fc from 'fast-check';
import t from 'tap';
import { type EventPage, type Filter, matches, START } from '../../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import { positionOf } from '../../../src/engine/log/postgres/position.js';
import type { PageSize } from '../../../src/engine/log/postgres/reader.js';
import { SharedPages } from '../../../src/engine/log/postgres/shared-pages.js';

const CATEGORIES = ['order', 'user', 'product'];

function logOf(categories: readonly string[]): RecordedEvent[] {
  return categories.map((category, i) => ({
    ...{ position: positionOf(BigInt(i + 1)), stream: `${category}-${i}`, revision: 0, id: String(i) },
    ...{ type: 'Happened', data: {}, metadata: {}, recordedAt: '2026-01-01T00:00:00.000Z' },
  }));
}

/** A log that counts how many events are read from it. */
function reading(log: readonly RecordedEvent[]) {
  const counted = { events: 0 };
  const pages = new SharedPages(async (from, filter, size: PageSize): Promise<EventPage> => {
    await new Promise((resolve) => setImmediate(resolve));
    const found = log.filter((event) => event.position > from && matches(event, filter)).slice(0, size.next);
    size.seen(found.length, found.length, found.length === size.next);
    counted.events += found.length;
    const last = found.at(-1);
    const isAll = !last || log.filter((event) => event.position > last.position && matches(event, filter)).length === 0;
    const position = isAll ? (log.at(-1)?.position ?? from) : last.position;
    return { events: found, position, caughtUp: isAll };
  });
  return { pages, counted };
}

interface Way {
  readonly from: number;
  readonly categories: readonly string[];
  readonly pause: number;
}

/** To the end of the log, with so many turns of the event loop between two pages. */
async function walk(pages: SharedPages, { from, categories, pause }: Way): Promise<string[]> {
  const filter: Filter = { streamPrefixes: categories.map((category) => `${category}-`) };
  let position = positionOf(BigInt(from));
  const walker = pages.join(position, filter, 50);
  const seen: string[] = [];
  for (let isOver = false; !isOver;) {
    walker.goTo(position);
    const page = await walker.page(position);
    for (const event of page.events) seen.push(event.stream);
    // At the end, who has been told of nothing new is over.
    isOver = page.caughtUp || page.position === position;
    position = page.position;
    for (let turn = 0; turn < pause; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  walker.leave();
  return seen;
}

void t.test('each follower gets each of its events once and in order, beside any others', async (t) => {
  const way = fc.record({
    from: fc.nat(300),
    categories: fc.subarray(CATEGORIES, { minLength: 1 }),
    pause: fc.nat(3),
  });
  const category = fc.constantFrom('order', 'order', 'order', ...CATEGORIES);
  await fc.assert(
    fc.asyncProperty(
      fc.array(category, { minLength: 300, maxLength: 900 }),
      fc.array(way, { minLength: 1, maxLength: 4 }),
      async (categories, ways) => {
        const log = logOf(categories);
        const { pages } = reading(log);
        const found = await Promise.all(ways.map((one) => walk(pages, one)));
        const expected = ways.map(({ from, categories: wanted }) =>
          log.slice(from).flatMap(({ stream }) => (wanted.includes(stream.split('-')[0] ?? '') ? [stream] : [])),
        );
        t.same(found, expected);
      },
    ),
    { numRuns: 40 },
  );
});

void t.test('those that most of the log concerns read it together, and others have events chosen', async (t) => {
  const log = logOf(Array.from({ length: 5_000 }, (_, i) => (i % 100 === 0 ? 'user' : 'order')));
  const { pages, counted } = reading(log);
  const [orders, all, users] = await Promise.all([
    walk(pages, { from: 0, categories: ['order'], pause: 0 }),
    walk(pages, { from: 0, categories: ['order', 'user'], pause: 3 }),
    walk(pages, { from: 0, categories: ['user'], pause: 0 }),
  ]);
  t.same([orders.length, all.length, users.length], [4_950, 5_000, 50]);
  t.ok(counted.events < 5_600, `${counted.events} events were read`);
});

void t.test('one that does not go on holds up the others for a moment, not for good', async (t) => {
  const log = logOf(Array.from({ length: 2_000 }, () => 'order'));
  const { pages } = reading(log);
  const filter = { streamPrefixes: ['order-'] };
  const stuck = pages.join(START, filter, 50);
  let position = START;
  for (let pagesTaken = 0; pagesTaken < 3; pagesTaken++) {
    stuck.goTo(position);
    position = (await stuck.page(position)).position;
  }
  const begun = performance.now();
  t.equal((await walk(pages, { from: 0, categories: ['order'], pause: 0 })).length, 2_000);
  t.ok(performance.now() - begun < 5_000);
});

void t.test('who comes to a page that was read before it came is not told that this is the end', async (t) => {
  const log = logOf(Array.from({ length: 120 }, () => 'order'));
  const { pages } = reading(log);
  const filter = { streamPrefixes: ['order-'] };
  const [one, other] = [pages.join(START, filter, 200), pages.join(START, filter, 200)];
  for (const walker of [one, other]) await walker.page(START);
  const from = positionOf(100n);
  for (const walker of [one, other]) walker.goTo(from);
  t.equal((await one.page(from)).caughtUp, true);
  const late = pages.join(from, filter, 200);
  t.match(await late.page(from), { caughtUp: false, position: log.at(-1)?.position });
  t.equal((await other.page(from)).caughtUp, true);
});
