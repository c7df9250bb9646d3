import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { changesBetween, DistinctCounts } from '../../projections/forest/distinct-counts.js';
import { Forest } from '../../projections/forest/forest.js';

const KINDS = ['one', 'other'] as const;
const PLACES = 12;

/** Place n stands below a place before it, or at the top. */
const forests = fc
  .array(fc.option(fc.nat(), { freq: 5 }), { minLength: PLACES, maxLength: PLACES })
  .map((parents) =>
    Forest.of(
      parents.map((parent, id) => ({ id, parentId: id === 0 || parent === null ? null : parent % id, value: null })),
    ),
  );

const things = fc.array(
  fc.record({
    // One place in a while is not there.
    ids: fc.array(fc.nat({ max: PLACES }), { minLength: 1, maxLength: 5 }),
    kind: fc.constantFrom(...KINDS),
    things: fc.integer({ min: -3, max: 3 }),
  }),
  { maxLength: 20 },
);

void t.test(
  'each thing counts once in every place that it stands in or below, however many ways lead there',
  async () => {
    fc.assert(
      fc.property(forests, things, (forest, all) => {
        const counts = new DistinctCounts(forest, KINDS);
        for (const { ids, kind, things: number } of all) counts.add(ids, kind, number);
        const totals = counts.totals();
        for (let id = 0; id < PLACES; id++) {
          const expected = KINDS.map((kind) =>
            all
              .filter((one) => one.kind === kind && forest.above(one.ids).some((place) => place.id === id))
              .reduce((sum, one) => sum + one.things, 0),
          );
          assert.deepEqual(totals.get(id) ?? [0, 0], expected);
        }
      }),
    );
  },
);

void t.test('what is above comes after what it is above of', async () => {
  fc.assert(
    fc.property(forests, fc.array(fc.nat({ max: PLACES - 1 }), { maxLength: 5 }), (forest, ids) => {
      const order = forest.above(ids).map((place) => place.id);
      for (const [i, id] of order.entries()) {
        const parent = forest.get(id)?.parent?.id;
        if (parent !== undefined) assert.ok(order.indexOf(parent) > i);
      }
    }),
  );
});

void t.test('a shape stays as it was, whatever becomes of the forest', async (t) => {
  const forest = Forest.of([1, 2, 3].map((id) => ({ id, parentId: id === 1 ? null : id - 1, value: null })));
  const shape = forest.shape();
  forest.move(3, null);
  t.same(
    shape.above([3]).map(({ id }) => id),
    [3, 2, 1],
  );
});

void t.test('between two moments only what has changed is told', async (t) => {
  const before = new Map([
    [1, [2, 0]],
    [2, [1, 0]],
  ]);
  const after = new Map([
    [1, [2, 0]],
    [3, [0, 4]],
  ]);
  t.same(
    [...changesBetween(before, after)],
    [
      [2, [-1, 0]],
      [3, [0, 4]],
    ],
  );
});

/** Places that are passed by the walks of a call. */
function stepsOf(depth: number, work: (forest: Forest<null>) => void): number {
  const forest = Forest.of(
    Array.from({ length: depth }, (_, id) => ({ id, parentId: id === 0 ? null : id - 1, value: null })),
  );
  let steps = 0;
  for (let id = 0; id < depth; id++) {
    const place = forest.get(id) as { parent: unknown };
    const { parent } = place;
    Object.defineProperty(place, 'parent', { get: () => ((steps += 1), parent) });
  }
  work(forest);
  return steps;
}

void t.test('things at the end of a chain cost its length once, not once each', async (t) => {
  const depth = 2_000;
  const steps = stepsOf(depth, (forest) => {
    const counts = new DistinctCounts(forest, KINDS);
    for (let n = 0; n < 1_000; n++) counts.add([depth - 1 - (n % 10)], 'one', 1);
    t.same(counts.totals().get(0), [1_000, 0]);
  });
  t.ok(steps < 5 * depth, `${steps} steps`);
});
