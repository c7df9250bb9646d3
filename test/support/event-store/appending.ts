import type { Test } from 'tap';
import { EventTooLarge, MAX_EVENT_BYTES, WrongExpectedRevision } from '../../../src/engine/core/errors.js';
import type { AppendResult, ExpectedRevision } from '../../../src/engine/core/event-store.js';
import type { NewEvent } from '../../../src/engine/core/message.js';
import { collect, failure, freshCategory, type LogUnderTest, metadata, newEvent, numbered, revisions } from './case.js';

export async function appending(t: Test, { store }: LogUnderTest): Promise<void> {
  const { stream } = freshCategory();

  await t.test('revision starts at 0', async (t) => {
    const name = stream();
    const { revision } = await store.append(name, [newEvent()], 'none');
    t.equal(revision, 0);
    t.same(await revisions(store, name), [0]);
  });

  await t.test('an append is taken at the expected revision: none, any or the exact one', async (t) => {
    const name = stream();
    t.equal((await store.append(name, numbered(2), 'none')).revision, 1);
    t.equal((await store.append(name, numbered(3), 1)).revision, 4);
    t.equal((await store.append(name, numbered(1), 'any')).revision, 5);
    t.equal((await store.append(stream(), numbered(1), 'any')).revision, 0, 'any also begins a stream');
    t.same(await revisions(store, name), [0, 1, 2, 3, 4, 5]);
  });

  await t.test('a conflict is a typed error that names the actual revision', async (t) => {
    const three = stream();
    await store.append(three, numbered(3), 'none');
    const unborn = stream();
    const cases: [string, ExpectedRevision, number | 'none'][] = [
      [three, 'none', 2],
      [three, 0, 2],
      [three, 1, 2],
      [three, 3, 2],
      [unborn, 0, 'none'],
      [unborn, 7, 'none'],
    ];
    for (const [name, expected, actual] of cases) {
      const error = await failure(store.append(name, [newEvent()], expected));
      if (!(error instanceof WrongExpectedRevision)) return t.fail(`expected ${expected}: ${String(error)}`);
      t.match(error, { stream: name, expected, actual }, `expected ${expected}, is ${actual}`);
    }
    t.same(await revisions(store, three), [0, 1, 2]);
  });

  await t.test('the same ids with the same expected revision again succeed and add nothing', async (t) => {
    const name = stream();
    const [first, second, third] = [numbered(2), numbered(1), numbered(3)];
    const results = [
      await store.append(name, first, 'none'),
      await store.append(name, second, 1),
      await store.append(name, third, 2),
    ];
    const place = ({ revision, position }: AppendResult): object => ({ revision, position });
    const [one, two, three] = results.map(place);
    t.same(place(await store.append(name, third, 2)), three, 'at the end of the stream');
    t.same(place(await store.append(name, second, 1)), two, 'with others behind it');
    t.same(place(await store.append(name, first, 'none')), one, 'at the start of the stream');
    t.same(await revisions(store, name), [0, 1, 2, 3, 4, 5]);
  });

  await t.test('who derives ids is told when something else stands under them', async (t) => {
    const name = stream();
    const events = numbered(2);
    const first = await store.append(name, events, 'none', { derivedIds: true });
    t.equal(first.repeated, false);
    const others = events.map((event) => ({ ...event, data: { n: 'another' } }));
    t.same(await store.append(name, others, 'none', { derivedIds: true }), { ...first, repeated: true });
    const [stored] = await collect(store.read(name));
    t.same(stored?.data, { n: 0 }, 'what was first stays');
  });

  await t.test('ids that stand elsewhere, or not all of them, are no repetition but a conflict', async (t) => {
    const name = stream();
    const [a, b, c] = numbered(3) as [NewEvent, NewEvent, NewEvent];
    await store.append(name, [a, b], 'none');
    await store.append(name, [c], 1);
    for (const [events, expected] of [
      [[a, newEvent()], 'none'],
      [[newEvent(), b], 'none'],
      [[a, b, c, newEvent()], 'none'],
      [[b, a], 'none'],
      [[b], 'none'],
    ] as [NewEvent[], ExpectedRevision][]) {
      const error = await failure(store.append(name, events, expected));
      if (!(error instanceof WrongExpectedRevision)) return t.fail(String(error));
      t.equal(error.actual, 2);
    }
    t.same(await revisions(store, name), [0, 1, 2]);
  });

  await t.test('an append is all or nothing', async (t) => {
    const name = stream();
    await store.append(name, [newEvent()], 'none');
    t.type(await failure(store.append(name, numbered(5), 3)), WrongExpectedRevision);
    const large = newEvent('Large', { text: 'x'.repeat(MAX_EVENT_BYTES) });
    t.type(await failure(store.append(name, [newEvent(), large, newEvent()], 0)), EventTooLarge);
    t.same(await revisions(store, name), [0]);
  });

  await t.test('an event may have 512 KiB, counted in UTF-8, and not a byte more', async (t) => {
    const frame = Buffer.byteLength(JSON.stringify({ text: '' })) + Buffer.byteLength(JSON.stringify(metadata));
    const room = MAX_EVENT_BYTES - frame;
    const name = stream();
    const ascii = newEvent('Large', { text: 'x'.repeat(room) });
    const wide = newEvent('Large', { text: 'é'.repeat(Math.floor(room / 2)) });
    await store.append(name, [ascii], 'none');
    await store.append(name, [wide], 0);
    t.same(
      (await collect(store.read(name))).map((event) => event.data),
      [ascii.data, wide.data],
    );
    for (const text of ['x'.repeat(room + 1), 'é'.repeat(Math.floor(room / 2) + 1)]) {
      const error = await failure(store.append(name, [newEvent('Large', { text })], 1));
      if (!(error instanceof EventTooLarge)) return t.fail(String(error));
      t.equal(error.stream, name);
      t.ok(error.bytes > MAX_EVENT_BYTES);
    }
    t.same(await revisions(store, name), [0, 1]);
  });

  await t.test('an append says where the last of its events stands', async (t) => {
    const name = stream();
    const events = numbered(4);
    const result = await store.append(name, events, 'none');
    const recorded = await collect(store.read(name));
    t.same(result, {
      revision: 3,
      position: recorded[3]?.position,
      repeated: false,
    });
    t.match(recorded[3]?.recordedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.same(
      recorded.map(({ id, type }) => ({ id, type })),
      events.map(({ id, type }) => ({ id, type })),
    );
  });

  await t.test('an append without an event is a mistake of the caller', async (t) => {
    t.type(await failure(store.append(stream(), [], 'any')), TypeError);
  });
}
