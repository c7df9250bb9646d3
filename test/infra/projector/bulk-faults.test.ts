import { test } from 'tap';
import type { BulkPath } from '../../../src/infra/projector/bulk.js';
import type { Projection } from '../../../src/infra/projector/projection.js';
import { rebuildAll } from '../../operations/rebuild/rebuilding.js';
import { keyedSums } from './keyed-sums.js';
import { stage } from './running.js';
import { counted } from './tally.js';

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
