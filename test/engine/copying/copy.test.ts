import t from 'tap';
import { EventStoreUnavailable } from '../../../src/engine/core/errors.js';
import { START } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { compareLogs, copyLog } from '../../../src/engine/copying/copy.js';
import { streams } from '../../../src/streams.js';
import { noProgress } from '../../../src/commands/progress.js';
import { contentOf, event, FailingStore, history, installation, seeded } from './logs.js';

const categories = Object.keys(streams);
const options = { categories, progress: noProgress };

t.test(
  'a copy has every stream, id, type, content and revision in the same order, and a log id of its own',
  async (t) => {
    const { store: source, write } = await installation(t);
    const large = event({ text: 'x'.repeat(500 * 1024) });
    const many = Array.from({ length: 1_200 }, (_, n) => event({ n }));
    await write([...history(200, seeded(1)), ['order-large', [large, event(), large].map((one) => event(one.data))]]);
    await write([['order-many', many]]);
    const target = new MemoryEventStore();
    const { events, appended, head } = await copyLog(source, target, options);
    t.equal(events, appended);
    t.same(await contentOf(target), await contentOf(source));
    t.not(await target.logId(), await source.logId());
    t.equal(await compareLogs(source, target, head, options), events);
    t.same(await copyLog(source, target, options), { head, events, appended: 0 }, 'again, it adds nothing');
    await write([['order-many', [event()]]]);
    t.match(await copyLog(source, target, options), { events: events + 1, appended: 1 }, 'later, it adds the rest');
  },
);

t.test('an empty log is copied too', async (t) => {
  const { store: source } = await installation(t);
  const target = new MemoryEventStore();
  t.match(await copyLog(source, target, options), { events: 0, appended: 0 });
  t.not(await target.head(), START, 'it has been opened');
});

t.test('a copy that is stopped at random appends resumes and adds nothing twice', async (t) => {
  const { store: source, write } = await installation(t);
  await write(history(150, seeded(2)));
  const expected = await contentOf(source);
  for (let seed = 0; seed < 3; seed++) {
    const target = new FailingStore(seeded(seed));
    let added = 0;
    for (let tries = 0; ; tries++) {
      t.ok(tries < 400, 'it gets on');
      try {
        ({ appended: added } = await copyLog(source, target, options));
        break;
      } catch (error) {
        if (!(error instanceof EventStoreUnavailable)) throw error;
      }
    }
    t.ok(target.failures > 5);
    t.ok(added < expected.length);
    t.same(await contentOf(target), expected);
  }
});

t.test('it ends when it is told to, and goes on later', async (t) => {
  const { store: source, write } = await installation(t);
  await write(history(100, seeded(3)));
  const target = new MemoryEventStore();
  const stop = new AbortController();
  let advanced = 0;
  const progress = {
    ...noProgress,
    advance: () => (++advanced === 20 ? stop.abort(new Error('interrupted')) : undefined),
  };
  await t.rejects(copyLog(source, target, { categories, progress, signal: stop.signal }), { message: 'interrupted' });
  t.ok((await contentOf(target)).length < 100);
  await copyLog(source, target, options);
  t.same(await contentOf(target), await contentOf(source));
});

t.test('a server that holds something else under such names is refused, and nothing is written there', async (t) => {
  const { store: source, write } = await installation(t);
  await write([['order-1', [event({ n: 1 })]]]);
  const foreign = new MemoryEventStore();
  await foreign.append('order-1', [event({ n: 1 })], 'none');
  const head = await foreign.head();
  await t.rejects(copyLog(source, foreign, options), { name: 'NotTheSame', message: /event 1 is .* differ in id/ });
  t.equal(await foreign.head(), head);

  const empty = new MemoryEventStore();
  await copyLog(source, empty, options);
  await empty.append('user-7', [event()], 'none');
  const more = { name: 'NotTheSame', message: /after 1 events, the other server holds Counted \(user-7, revision 0\)/ };
  await t.rejects(copyLog(source, empty, options), more, 'also if it is a copy that somebody has written to');

  const others = new MemoryEventStore();
  await others.append('$settings', [event()], 'any');
  await others.append('ledger-1', [event()], 'any');
  t.match(await copyLog(source, others, options), { appended: 1 }, 'streams of others do not matter');
});

t.test('whatever differs is found when the logs are compared', async (t) => {
  const { store: source, write } = await installation(t);
  const original = event({ n: 1 });
  await write([['order-1', [original]]]);
  const head = await source.head();
  const copies: readonly (readonly [RegExp, string, typeof original])[] = [
    [/differ in stream/, 'order-2', original],
    [/differ in id/, 'order-1', { ...original, id: event().id }],
    [/differ in type/, 'order-1', { ...original, type: 'Uncounted' }],
    [/differ in data/, 'order-1', { ...original, data: { n: 2 } }],
    [/differ in metadata/, 'order-1', { ...original, metadata: {} }],
  ];
  for (const [message, stream, copy] of copies) {
    const target = new MemoryEventStore();
    await target.append(stream, [copy], 'none');
    await t.rejects(compareLogs(source, target, head, options), { name: 'NotTheSame', message });
  }
  const short = new MemoryEventStore();
  await t.rejects(compareLogs(source, short, head, options), { message: /ends after 0 events/ });
  const long = new MemoryEventStore();
  await long.append('order-1', [original, event()], 'none');
  await t.rejects(compareLogs(source, long, head, options), { message: /after 1 events/ });
});

t.test('a stream that somebody else writes to meanwhile is told', async (t) => {
  const { store: source, write } = await installation(t);
  await write([
    ['order-1', [event()]],
    ['order-2', [event()]],
  ]);
  const target = new MemoryEventStore();
  const progress = { ...noProgress, advance: () => void target.append('order-2', [event()], 'none').catch(() => null) };
  await t.rejects(copyLog(source, target, { categories, progress }), { message: /somebody else writes to order-2/ });
});

t.test('a stream that no version has known is not left out without a word', async (t) => {
  const { store: source, write } = await installation(t);
  await write([['parcel-1', [event()]]]);
  await t.rejects(copyLog(source, new MemoryEventStore(), options), {
    message: /parcel-1 is no stream of this version/,
  });
});
