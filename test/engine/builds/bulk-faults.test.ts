import { test } from 'tap';
import type { BulkPath } from '../../../src/engine/builds/bulk.js';
import type { EventHandler, Projection } from '../../../src/engine/projecting/projection.js';
import { quarantinedIn } from '../../../src/engine/quarantine/quarantined.js';
import { rebuildAll } from './rebuilding.js';
import { keyedSums } from '../projecting/keyed-sums.js';
import { stage } from '../projecting/running.js';
import { counted } from '../projecting/tally.js';

type Page = typeof keyedSums extends (name: string) => Projection<infer P> ? P : never;

function withBulk(change: (bulk: BulkPath<Page>) => Partial<BulkPath<Page>>): Projection<Page> {
  const projection = keyedSums('sums');
  const bulk = projection.bulk as BulkPath<Page>;
  return { ...projection, bulk: { ...bulk, ...change(bulk) } };
}

test('for a fault of the machine no event is looked for in a chunk', async (t) => {
  const { store, pool, watch } = await stage(t);
  for (let i = 0; i < 100; i++) await store.append(`order-${i}`, [counted()], 'any');
  let tries = 0;
  const projection = withBulk(() => ({
    rows(): never {
      tries += 1;
      throw Object.assign(new Error('the server is shutting down'), { code: '57P01' });
    },
  }));
  await t.rejects(rebuildAll({ pool, store, watch }, {}, [projection]), /shutting down/);
  t.equal(tries, 1);
});

for (const fault of [new RangeError('Invalid string length'), new Error('without an SQLSTATE')]) {
  test(`no event is to blame for a chunk that could not be copied: ${fault.message}`, async (t) => {
    const { store, pool, watch } = await stage(t);
    for (let i = 0; i < 10; i++) await store.append(`order-${i}`, [counted()], 'any');
    let tries = 0;
    const projection = withBulk(({ rows }) => ({
      rows: (chunk) => {
        tries += 1;
        const failing = function* (): Generator<never> {
          yield* [];
          throw fault;
        };
        return [...rows(chunk), { table: '{schema}.sums', columns: ['stream', 'sum'], rows: failing() }];
      },
    }));
    await t.rejects(rebuildAll({ pool, store, watch }, {}, [projection]), fault);
    t.equal(tries, 1, 'no other chunk is tried');
    t.same((await pool.query('select from orderlog.quarantine')).rows, []);
  });
}

test('of an event that its handler gives up half-way nothing is in the rows', async (t) => {
  const { store, pool, watch } = await stage(t);
  await store.append('order-1', [counted(5), counted(13), counted(1)], 'any');
  await store.append('order-2', [counted(7)], 'any');
  const sums = keyedSums('sums');
  const { eventType, apply } = sums.handlers['Counted'] as EventHandler<Page>;
  const giveUp: EventHandler<Page>['apply'] = (page, event) => {
    apply(page, event);
    if ((event.data as { amount: number }).amount === 13) throw new Error('half of it is done');
  };
  const projection = { ...sums, handlers: { Counted: { eventType, apply: giveUp } } };
  await rebuildAll({ pool, store, watch }, {}, [projection]);
  const { rows } = await pool.query('select stream, sum from rm_sums_v1.sums order by stream');
  t.same(rows, [
    { stream: 'order-1', sum: 5 },
    { stream: 'order-2', sum: 7 },
  ]);
  t.match(await quarantinedIn(pool, { name: 'sums', build: 1 }), [{ stream: 'order-1', revision: 1 }]);
});
