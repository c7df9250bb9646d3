import type { Test } from 'tap';
import { matchesBack, type Position, type ReadBackOptions } from '../../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import { collect, freshCategory, type LogUnderTest, metadata, newEvent } from './case.js';

const TYPES = ['Counted', 'Named', 'Closed'];

export async function readingBack(t: Test, { store }: LogUnderTest): Promise<void> {
  const { prefix, stream } = freshCategory();
  const names = ['a', 'b', 'c'].map(stream);
  const begin = await store.head();
  for (let n = 0; n < 40; n++) {
    const event = newEvent(TYPES[n % 3], { n });
    const correlated = { ...event, metadata: { ...metadata, correlation_id: `${prefix}${n % 5}` } };
    await store.append(names[(n * 7) % names.length] as string, [correlated], 'any');
  }
  const all = (await collect(store.readAll({ from: begin, filter: { streamPrefixes: [prefix] } }))).reverse();
  const ours = { filter: { streamPrefixes: [prefix] }, after: begin };
  const positions = [undefined, ...[7, 20].map((n) => (all[n] as RecordedEvent).position)];

  await t.test(
    'read back, the log gives what every filter lets through, newest first and each event once',
    async (t) => {
      const filters: Partial<ReadBackOptions>[] = [
        {},
        { filter: { streamPrefixes: [prefix], types: ['Named', 'Closed'] } },
        { filter: { streamPrefixes: [prefix], types: ['Unheard'] } },
        { correlationId: `${prefix}3` },
        { stream: names[1] as string },
        { stream: names[2] as string, correlationId: `${prefix}0` },
        { stream: stream('unknown') },
      ];
      t.equal(all.length, 40);
      for (const before of positions) {
        for (const after of [begin, (all[33] as RecordedEvent).position]) {
          for (const filter of filters) {
            for (const [limit, most] of [
              [3, 1_000],
              [100, 7],
            ] as const) {
              const options = { ...ours, ...filter, after, limit, most, ...(before !== undefined && { before }) };
              const wanted = all.filter((event) => matchesBack(event, options));
              const { events, most: largest } = await paged(options);
              t.same(events, wanted, JSON.stringify({ filter, before, after, limit, most }));
              t.ok(largest <= limit, 'no page is larger than its limit');
            }
          }
        }
      }
    },
  );

  await t.test(
    'read back, a filter that lets nothing through ends at its bound, and the rest can be asked for',
    async (t) => {
      const none = { ...ours, filter: { streamPrefixes: [prefix], types: ['Unheard'] }, limit: 10, most: 5 };
      const page = await store.readBack(none);
      t.same(page.events, []);
      t.ok(page.before !== null && page.before > begin, 'it says where it stopped');
    },
  );

  /** Follows the pages to their end. */
  async function paged(options: ReadBackOptions): Promise<{ events: RecordedEvent[]; most: number }> {
    const events: RecordedEvent[] = [];
    let most = 0;
    let before: Position | null | undefined = options.before;
    do {
      const page = await store.readBack({ ...options, ...(before !== undefined && { before }) });
      events.push(...page.events);
      most = Math.max(most, page.events.length);
      if (page.before !== null && before !== undefined && page.before >= before) throw new Error('it does not get on');
      before = page.before;
    } while (before !== null);
    return { events, most };
  }
}
