import type { Test } from 'tap';
import { WrongExpectedRevision } from '../../../src/engine/core/errors.js';
import { collect, failure, freshCategory, type LogUnderTest, newEvent, numbered, revisions } from './case.js';

const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

export async function competing(t: Test, { store }: LogUnderTest): Promise<void> {
  await t.test('100 concurrent writers on one stream at one revision leave exactly one winner', async (t) => {
    const name = freshCategory().stream();
    await store.append(name, numbered(2), 'none');
    const writers = upTo(100).map(() => newEvent());
    const outcomes = await Promise.all(writers.map((event) => failure(store.append(name, [event], 1))));
    const conflicts = outcomes.filter((error) => error instanceof WrongExpectedRevision);
    t.equal(conflicts.length, 99);
    const winner = writers[outcomes.findIndex((error) => !(error instanceof WrongExpectedRevision))];
    t.same(
      (await collect(store.read(name, { from: 2 }))).map((event) => event.id),
      [winner?.id],
    );
    for (const error of conflicts) t.equal(error.actual, 2);
  });

  await t.test('100 concurrent writers that try again on one stream all get their event in, once', async (t) => {
    const name = freshCategory().stream();
    const appended = await Promise.all(
      upTo(100).map(async () => {
        const event = newEvent();
        for (let expected: number | 'none' = 'none'; ;) {
          try {
            return { id: event.id, revision: (await store.append(name, [event], expected)).revision };
          } catch (error) {
            if (!(error instanceof WrongExpectedRevision)) throw error;
            expected = error.actual;
          }
        }
      }),
    );
    const stored = (await collect(store.read(name))).map(({ id, revision }) => ({ id, revision }));
    t.same(
      stored,
      appended.toSorted((a, b) => a.revision - b.revision),
    );
    t.equal(stored.length, 100);
  });

  await t.test('appends to many streams at once all get in, each with its own outcome', async (t) => {
    const { prefix, stream } = freshCategory();
    const begin = await store.head();
    const spent = upTo(100).map((n) => stream(`spent${n}`));
    await Promise.all(spent.map((name) => store.append(name, numbered(1), 'none')));
    const fresh = upTo(900).map((n) => stream(`fresh${n}`));
    // Conflicts stand between appends that are in order, so that they go together.
    const outcomes = await Promise.all(
      upTo(1_000).map(async (n) => {
        const name = (n % 10 === 0 ? spent[n / 10] : fresh[n - Math.floor(n / 10) - 1]) as string;
        const outcome = store.append(name, numbered(1 + (n % 3)), 'none');
        return outcome.then(
          (result) => ({ name, result }),
          (error: unknown) => ({ name, error }),
        );
      }),
    );
    const lasts = new Map<string, string>();
    for (const event of await collect(store.readAll({ from: begin, filter: { streamPrefixes: [`${prefix}fresh`] } }))) {
      lasts.set(event.stream, event.position);
    }
    const taken = outcomes.filter((outcome) => 'result' in outcome);
    t.equal(taken.length, 900);
    t.same(new Map(taken.map(({ name, result }) => [name, result.position])), lasts);
    const conflicts = outcomes.filter((outcome) => 'error' in outcome);
    t.match(
      conflicts.map((conflict) => conflict.error),
      conflicts.map(({ name }) => ({ name: 'WrongExpectedRevision', stream: name, actual: 0 })),
    );
    for (const name of spent) t.same(await revisions(store, name), [0]);
  });

  await t.test('appends to one stream that wait together are taken in the order in which they were sent', async (t) => {
    const name = freshCategory().stream();
    const sent = upTo(200).map((n) => store.append(name, [newEvent('Counted', { n })], n === 0 ? 'none' : n - 1));
    t.same(
      (await Promise.all(sent)).map((result) => result.revision),
      upTo(200),
    );
    t.same(
      (await collect(store.read(name))).map((event) => event.data['n']),
      upTo(200),
    );
  });
}
