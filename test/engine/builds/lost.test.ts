import type pg from 'pg';
import { test, type Test } from 'tap';
import { projections } from '../../../projections/index.js';
import type { EventStore, Mark, ReadAllOptions } from '../../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../../src/engine/core/message.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { until } from '../../support/orderlog.js';
import { demo, type RunningApp, runningApp } from '../../support/running-app.js';
import { buildRows, buildsIn, leftovers, rebuildAll } from './rebuilding.js';

const products = projections.filter(({ name }) => name === 'products');
const [projection] = products as [AnyProjection];

async function shopAtTheHead(t: Test): Promise<RunningApp> {
  const shop = await runningApp(t, { seed: demo });
  const head = await shop.runtime.store.head();
  const behind = 'select from orderlog.checkpoints where position < $1 and build > 0';
  await until(async () => (await shop.runtime.pool.query(behind, [head])).rowCount === 0);
  return shop;
}

/** What recovery after a crash does to tables that are not in the write-ahead log. */
async function crash(pool: pg.Pool, schema: string): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     where relnamespace = $1::regnamespace and relkind = 'r' and relpersistence = 'u'`,
    [schema],
  );
  await pool.query(`truncate ${rows.map(({ name }) => name).join(', ')}`);
}

test('a build that lost a part in a crash of the database is not resumed, but begun again', async (t) => {
  const { runtime } = await shopAtTheHead(t);
  const stop = new AbortController();
  const stretch = (what: string): void => {
    if (what === 'models finished') stop.abort(new Error('killed'));
  };
  await t.rejects(rebuildAll(runtime, { signal: stop.signal, stretch }, products), /killed/);
  t.match(
    (await buildsIn(runtime.pool)).filter(({ model }) => model === 'products'),
    [{ state: 'active' }, { number: 2, state: 'building' }],
  );
  await crash(runtime.pool, 'staging_products_v2');
  t.match(await rebuildAll(runtime, {}, products), [{ switched: true }]);
  const active = (await buildsIn(runtime.pool)).find(({ model, state }) => model === 'products' && state === 'active');
  const rows = await buildRows(runtime.pool, projection, active?.number ?? 0);
  t.same(rows, await buildRows(runtime.pool, projection, 1));
  t.ok((rows['products']?.length ?? 0) > 0);
  t.same(await leftovers(runtime.pool), []);
});

test('a crash of the database between load and finish fails the rebuild, and the next one begins again', async (t) => {
  const { runtime } = await shopAtTheHead(t);
  const { store, pool } = runtime;
  async function* readAll(options?: ReadAllOptions): AsyncGenerator<RecordedEvent> {
    yield* store.readAll(options);
    await pool.query('truncate staging_products_v2.intact');
  }
  const crashing = Object.assign(Object.create(store) as EventStore, {
    readAll,
    head: () => store.head(),
    holds: (mark: Mark) => store.holds(mark),
  });
  await t.rejects(rebuildAll({ ...runtime, store: crashing }, {}, products), {
    name: 'LoadLost',
    message: /run it again/,
  });
  t.equal((await buildsIn(pool)).filter(({ model }) => model === 'products').length, 1);
  t.match(await rebuildAll(runtime, {}, products), [{ switched: true }]);
});
