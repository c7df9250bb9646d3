/** Page 4, rows 1 to 5: what the client says of an append is not believed, and each ends once in the log, or not at all. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { EventStoreUnavailable, WrongExpectedRevision } from '../../../../src/engine/core/errors.js';
import type { Position } from '../../../../src/engine/core/event-store.js';
import { pairOf, positionOf, revisionOf } from '../../../../src/engine/log/eventstoredb/position.js';
import { collect, failure, newEvent, numbered, revisions } from '../../../support/event-store/case.js';
import { following, onStandIn, proposed, storeAt, until } from '../../../support/event-store/on-stand-in.js';
import type { AppendFault } from '../../../support/stand-in/faults.js';
import { Log } from '../../../support/stand-in/log.js';

t.setTimeout(300_000);

void t.test('a connection that breaks under many appends costs none, and doubles none', async (t) => {
  const { server, store } = await onStandIn(t);
  server.faults.add('append', { lateMs: 150 }, { times: 64 });
  const streams = Array.from({ length: 64 }, (_, n) => `order-${n}`);
  const results = Promise.all(streams.map((stream) => store.append(stream, numbered(2), 'none')));
  await until(() => server.faults.happened.length === 64);
  server.dropConnections();
  for (const { revision } of await results) t.equal(revision, 1);
  await sleep(200);
  t.equal(server.events.length, 128, 'even if those under way come through');
});

void t.test('a fault of one store decides no append of another store in the process', async (t) => {
  const a = await onStandIn(t);
  const b = await onStandIn(t);
  // The first append of a client asks the server what it can do.
  for (const { store } of [a, b]) await store.append('before', [newEvent()], 'none');
  b.server.faults.add('append', { applyAndAnswerAfterMs: 300 });
  const pending = b.store.append('order-1', [newEvent()], 'none');
  await until(() => b.server.events.length === 2);
  a.server.faults.add('append', 'drop');
  await a.store.append('order-1', [newEvent()], 'none');
  t.match(await pending, { revision: 0, repeated: false });
  t.equal(b.server.events.length, 2);
});

void t.test('a late answer ends neither the process nor calls under way', async (t) => {
  const a = await onStandIn(t);
  const b = await onStandIn(t);
  for (const { store } of [a, b]) await store.append('before', [newEvent()], 'none');
  b.server.faults.add('append', { lateMs: 200 });
  const pending = b.store.append('order-1', [newEvent()], 'none');
  await until(() => b.server.faults.happened.length === 1);
  // Ends the call of one store with an error on which no store throws its client away, and empties the table of both.
  a.server.faults.add('append', 'not-leader');
  await a.store.append('order-1', [newEvent()], 'none');
  t.match(await pending, { revision: 0 });
  await until(() => b.complaints.length > 0);
  t.match(String(b.complaints), /not iterable/);
  t.equal(b.server.events.length, 2);
});

void t.test('an answer that comes twice ends nothing', async (t) => {
  const { server, store, complaints } = await onStandIn(t);
  server.faults.add('append', 'answer-twice', { times: 3 });
  for (const expected of ['none', 0, 'any'] as const) await store.append('order-1', [newEvent()], expected);
  await until(() => complaints.length === 3);
  t.same(await revisions(store, 'order-1'), [0, 1, 2]);
});

const QUICK: readonly AppendFault[] = [
  'drop',
  'apply-and-drop',
  'unavailable',
  'not-ready',
  'no-leader',
  'not-leader',
  'unknown',
  'disk-full',
];
const SLOW: readonly AppendFault[] = [
  'never',
  'apply-and-never-answer',
  { lateMs: 3_300 },
  { applyAndAnswerAfterMs: 3_300 },
];

void t.test(
  'an append whose outcome the client does not report takes effect once, and its caller learns it',
  async (t) => {
    const { server, store } = await onStandIn(t);
    const cases = [...QUICK, ...SLOW].flatMap((fault) =>
      (['none', 1, 'any'] as const).map((expected) => ({ fault, expected })),
    );
    const run = async ({ fault, expected }: (typeof cases)[number]): Promise<void> => {
      const what = `${JSON.stringify(fault)} expected ${expected}`;
      const name = `order-${what.replaceAll(/\W/g, '')}`;
      if (expected !== 'none') await store.append(name, numbered(2), 'none');
      server.faults.add('append', fault, { stream: (stream) => stream === name });
      const events = numbered(3);
      const result = await store.append(name, events, expected, { derivedIds: expected === 1 });
      const stored = (await collect(store.read(name))).slice(expected === 'none' ? 0 : 2);
      t.same(
        stored.map(({ id }) => id),
        events.map(({ id }) => id),
        what,
      );
      t.match(result, { revision: stored.at(-1)?.revision, position: stored.at(-1)?.position, repeated: false }, what);
    };
    for (const each of cases.filter(({ fault }) => QUICK.includes(fault))) await run(each);
    await Promise.all(cases.filter(({ fault }) => SLOW.includes(fault)).map(run));
    t.equal(server.faults.happened.length, cases.length, 'each fault happened');
    // Those that the server does late.
    await sleep(500);
    t.equal(server.events.length, cases.length * 3 + (cases.length / 3) * 4, 'and nothing came later');
  },
);

void t.test('a conflict is told as one, also by an append whose answer was lost', async (t) => {
  const { server, store } = await onStandIn(t);
  await store.append('order-1', numbered(2), 'none');
  const reading = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (server.faults.happened.length === 0) return;
      clearInterval(timer);
      server.log.append('order-1', [proposed(newEvent())], 1n);
      resolve();
    }, 1);
  });
  server.faults.add('append', 'drop');
  const error = await failure(store.append('order-1', [newEvent()], 1));
  await reading;
  t.type(error, WrongExpectedRevision);
  t.match(error, { expected: 1, actual: 2 });
  t.match(await failure(store.append('order-1', [newEvent()], 7)), { name: 'WrongExpectedRevision', actual: 2 });
  t.match(await failure(store.append('order-2', [newEvent()], 7)), { name: 'WrongExpectedRevision', actual: 'none' });
  t.equal(server.events.length, 3);
});

void t.test('a conflict hurts none of the appends beside it', async (t) => {
  const { server, store } = await onStandIn(t);
  await store.append('order-1', [newEvent()], 'none');
  const others = Array.from({ length: 100 }, (_, n) => store.append(`order-x${n}`, [newEvent()], 'none'));
  const conflicts = Array.from({ length: 10 }, () => failure(store.append('order-1', [newEvent()], 'none')));
  for (const { revision } of await Promise.all(others)) t.equal(revision, 0);
  for (const error of await Promise.all(conflicts)) t.match(error, { name: 'WrongExpectedRevision', actual: 0 });
  t.equal(server.events.length, 101);
});

void t.test('who derives ids is told whether what is there is what was sent, also behind a lost answer', async (t) => {
  const { server, store } = await onStandIn(t);
  const mine = newEvent('Counted', { n: 1 });
  const theirs = { ...mine, data: { n: 2 } };
  await store.append('order-1', [theirs], 'none');
  server.faults.add('append', 'drop', { times: 2 });
  t.match(await store.append('order-1', [mine], 'none', { derivedIds: true }), { revision: 0, repeated: true });
  t.match(await store.append('order-1', [theirs], 'none', { derivedIds: true }), { revision: 0, repeated: false });
  server.faults.clear();
  t.match(await store.append('order-1', [mine], 'none', { derivedIds: true }), { revision: 0, repeated: true });
  t.equal(server.events.length, 1);
});

void t.test('an append without an outcome fails in time, and may be sent again', async (t) => {
  const { server, store } = await onStandIn(t, {}, { giveUpAfterMs: 400 });
  await store.append('order-1', [newEvent()], 'none');
  const [lost, never] = [newEvent(), newEvent()];
  server.faults.add('append', 'apply-and-drop');
  const answer = failure(store.append('order-1', [lost], 0));
  await until(() => server.faults.happened.length === 1);
  await server.kill();
  t.match(await answer, { name: 'EventStoreUnavailable', message: /ECONN|Connection dropped/ });
  await server.restart();
  t.match(await store.append('order-1', [lost], 0), { revision: 1 });
  t.equal(server.events.length, 2, 'it had taken effect');

  server.faults.add('append', 'never');
  const since = Date.now();
  const error = await failure(store.append('order-1', [never], 1));
  t.type(error, EventStoreUnavailable);
  t.match(error, { message: /whether an append to order-1 took effect is not known: no answer within 3000 ms/ });
  t.ok(Date.now() - since < 8_000, 'by a deadline of our own');
  t.match(await store.append('order-1', [never], 1), { revision: 2 });
});

void t.test('failures that the client reports as successes are seen through', async (t) => {
  const { server } = await onStandIn(t);
  const { store } = storeAt(t, `${server.url}&throwOnAppendFailure=false`, { giveUpAfterMs: 1_000 });
  await store.append('order-1', numbered(3), 'none');
  t.match(await failure(store.append('order-1', [newEvent()], 'none')), { name: 'WrongExpectedRevision', actual: 2 });
  t.match(await failure(store.append('order-1', [newEvent()], 0)), { name: 'WrongExpectedRevision', actual: 2 });
  t.equal(server.events.length, 3);
});

void t.test('places beyond what a double holds keep every digit', { timeout: 20_000 }, async (t) => {
  const firstPosition = 2n ** 62n + 1n;
  const on = await onStandIn(t, { log: new Log({ firstPosition }) });
  const { server, store } = on;
  const results = [await store.append('order-1', numbered(1), 'none'), await store.append('order-1', numbered(2), 0)];
  const places = server.events.map(({ position }) => positionOf(position));
  t.same(pairOf(places[0] as Position), { commit: firstPosition, prepare: firstPosition });
  const [first, , last] = places;
  t.same(
    results.map(({ position }) => position),
    [first, last],
  );
  t.equal(await store.head(), last);
  for (const events of [store.read('order-1'), store.readAll()]) {
    t.same(
      (await collect(events)).map(({ position }) => position),
      places,
    );
  }
  const followed = following(t, on, 'order-', { from: first as Position });
  await until(() => followed.seen.length === 2);
  t.same(
    followed.seen.map(({ position }) => position),
    places.slice(1),
  );
});

void t.test('places are pairs that compare as the server compares them, whatever type the client gives', async (t) => {
  const part = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  const pair = fc.record({ commit: part, prepare: part });
  const close = fc.record({ commit: fc.bigInt({ min: 2n ** 60n, max: 2n ** 60n + 2n }), prepare: part });
  fc.assert(
    fc.property(fc.oneof(pair, close), fc.oneof(pair, close), (a, b) => {
      const isBefore = a.commit < b.commit || (a.commit === b.commit && a.prepare < b.prepare);
      const asText = { commit: String(a.commit), prepare: String(a.prepare) };
      const { commit, prepare } = pairOf(positionOf(a));
      return (
        positionOf(a) < positionOf(b) === isBefore &&
        positionOf(asText) === positionOf(a) &&
        commit === a.commit &&
        prepare === a.prepare
      );
    }),
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) =>
      [n, BigInt(n), String(n)].every(
        (value) =>
          revisionOf(value) === n &&
          positionOf({ commit: value, prepare: 0 }) === positionOf({ commit: BigInt(n), prepare: 0n }),
      ),
    ),
  );
  t.pass();
});
