import t, { type Test } from 'tap';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { projections } from '../../../projections/index.js';
import { measureAsOf } from '../../../src/engine/builds/as-of-metrics.js';
import type { Found, AsOfDeps, AsOfBuilds } from '../../../src/engine/builds/as-of-builds.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { breakConnections } from '../../support/event-store/postgres-log.js';
import { type MadeUpStore, placeOf, storeOf } from '../../support/made-up-store.js';
import { codeOfAsync } from '../../support/reading.js';
import { Shop } from '../../support/shop.js';
import { asOfRows, asOfSchemas, asOfBuildsOn } from '../../support/as-of-builds.js';
import { until } from '../projecting/running.js';

const MINUTE = 60_000;
const TREE = 'category-tree';

interface Stage {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  readonly shop: Shop;
  readonly store: MadeUpStore;
  readonly asOf: AsOfBuilds;
  /** As another process would have them, on the same log. */
  another(options?: Partial<AsOfDeps>): AsOfBuilds;
}

/** Two categories with a product, then three orders; nothing of an as-of build is there. */
async function stage(t: Test): Promise<Stage> {
  const database = await testDatabase(t);
  const shop = new Shop();
  shop.addCategory(1);
  shop.addCategory(2, 1);
  shop.addProduct(1, 2);
  for (const order of [1, 2, 3]) shop.place(order, 1);
  const store = storeOf(shop.log.events);
  const another = (options: Partial<AsOfDeps> = {}): AsOfBuilds => {
    const pool = createPool(database.config, { max: 5, applicationName: 'orderlog-test-other' });
    const asOf = asOfBuildsOn(pool, store, options);
    t.teardown(async () => {
      await asOf.close();
      await pool.end();
    });
    return asOf;
  };
  return { database, pool: database.pool, shop, store, asOf: another(), another };
}

/** Holds the building until it is released, from the second event on. */
function hold(store: MadeUpStore): { readonly begun: () => boolean; release(): void } {
  let events = 0;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  store.before = async () => {
    if (++events > 1) await released;
  };
  return { begun: () => events > 1, release };
}

const positionAfter = ({ shop }: Stage, number: number) => placeOf(shop.log.events, number);

async function states(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ state: string }>('select state from orderlog.as_of_builds order by number');
  return rows.map(({ state }) => state);
}

/** As if it had last been used so long ago. */
async function age(pool: pg.Pool, number: number, seconds: number): Promise<void> {
  await pool.query(
    `update orderlog.as_of_builds set used_at = clock_timestamp() - $2 * interval '1 second' where number = $1`,
    [number, seconds],
  );
}

t.test('however many readers in several processes ask at once, one as-of build is made, once', async (t) => {
  const scene = await stage(t);
  const { store, pool } = scene;
  const processes = [scene.asOf, scene.another(), scene.another()];
  const asked = Array.from({ length: 30 }, (_, n) =>
    (processes[n % 3] ?? scene.asOf).at(TREE, positionAfter(scene, 3), MINUTE),
  );
  const found = await Promise.all(asked);
  t.equal(new Set(found.map((one) => one.build.number)).size, 1);
  t.equal(store.readsFromStart, 1);
  t.same(await states(pool), ['ready']);
  t.match(found[0]?.build, { events: 3, rows: 4, position: positionAfter(scene, 3) });
});

t.test('who waits too short a time is told so, and it is there for who asks later', async (t) => {
  const scene = await stage(t);
  const { asOf, store } = scene;
  const held = hold(store);
  t.equal(await codeOfAsync(() => asOf.at(TREE, positionAfter(scene, 3), 0)), 'read-model-behind');
  await until(held.begun);
  t.equal(asOf.underWay, 1);
  held.release();
  // Nobody waits for it, and it is made all the same.
  await until(() => asOf.underWay === 0);
  const { reused } = await asOf.at(TREE, positionAfter(scene, 3), 0);
  t.ok(reused);
  t.equal(store.readsFromStart, 1);
});

t.test('an as-of build serves every position up to the next event that concerns its model', async (t) => {
  const scene = await stage(t);
  const { asOf, store, shop } = scene;
  const first = await asOf.at(TREE, positionAfter(scene, 3), MINUTE);
  for (const number of [4, 6, 5]) {
    const { build, reused } = await asOf.at(TREE, positionAfter(scene, number), MINUTE);
    t.same([build.number, reused], [first.build.number, true], `after ${number} events`);
  }
  shop.place(4, 1);
  shop.renameCategory(2, 'Other');
  shop.place(5, 1);
  t.ok((await asOf.at(TREE, positionAfter(scene, 7), MINUTE)).reused, 'an order more');
  const later = await asOf.at(TREE, positionAfter(scene, 8), MINUTE);
  t.notOk(later.reused, 'a name of today is none of then');
  t.equal((await asOf.at(TREE, positionAfter(scene, 9), MINUTE)).build.number, later.build.number);
  t.equal((await asOf.at(TREE, positionAfter(scene, 5), MINUTE)).build.number, first.build.number);
  t.notOk((await asOf.at(TREE, positionAfter(scene, 2), MINUTE)).reused, 'and what was before it is another');
  t.equal(store.readsFromStart, 3);
});

t.test('an as-of build that lost its connections is begun again for the next reader, in any process', async (t) => {
  const scene = await stage(t);
  const { asOf, pool, store } = scene;
  for (const next of [asOf, scene.another()]) {
    const held = hold(store);
    const broken = asOf.at(TREE, positionAfter(scene, 3), MINUTE);
    await until(held.begun);
    t.same(await states(pool), ['building']);
    const half = await asOfSchemas(pool);
    await breakConnections(pool, 'orderlog-test-other');
    held.release();
    await t.rejects(broken);
    // A connection of the pool may still be found broken.
    const found: Found[] = [];
    await until(() =>
      next.at(TREE, positionAfter(scene, 3), MINUTE).then(
        (one) => found.push(one) > 0,
        () => false,
      ),
    );
    const [{ build, reused }] = found as [Found];
    t.notOk(reused);
    t.match(await asOfRows(pool, build), { products: [{ product_id: 1 }] });
    t.notMatch(await asOfSchemas(pool), half, 'nothing of the first is left');
    t.same(await states(pool), ['ready']);
    await pool.query(`update orderlog.as_of_builds set version = 0`);
    await age(pool, build.number, 100_000);
    await asOf.sweep();
  }
});

t.test('what a killed process has left is swept by any other, and what is being made is not', async (t) => {
  const scene = await stage(t);
  const { asOf, pool, store } = scene;
  await pool.query(`
    insert into orderlog.as_of_builds (number, model, version, holds_to) values (1000001, 'category-tree', 1, '');
    create schema asof_category_tree_1000001; create schema asof_category_tree_1000001_staging;
    create schema asof_order_counts_1000002; create schema asof_of_no_model_1000003_staging`);
  const held = hold(store);
  const being = asOf.at(TREE, positionAfter(scene, 3), MINUTE);
  await until(held.begun);
  await scene.another().sweep();
  t.same((await asOfSchemas(pool)).length, 2, 'the schemas of what is being made');
  held.release();
  t.ok(await being);
  t.equal((await asOfSchemas(pool)).length, 1);
  // A crash of the database empties the registry and the tables.
  await pool.query('truncate orderlog.as_of_builds');
  await asOf.sweep();
  t.same(await asOfSchemas(pool), []);
});

t.test('an as-of build is dropped when it was not used for as long as it is kept', async (t) => {
  const scene = await stage(t);
  const { pool, asOf } = scene;
  const { build } = await asOf.at(TREE, positionAfter(scene, 3), MINUTE);
  const other = await asOf.at('order-counts', positionAfter(scene, 5), MINUTE);
  await age(pool, build.number, 3_590);
  await asOf.sweep();
  t.equal((await asOfSchemas(pool)).length, 2);
  // Being found is being used.
  await asOf.at(TREE, positionAfter(scene, 3), MINUTE);
  await age(pool, other.build.number, 3_610);
  await asOf.sweep();
  t.same(await asOfSchemas(pool), [`asof_category_tree_${build.number}`]);
});

t.test('of as-of builds that are too large together, those unused for longest are dropped', async (t) => {
  const scene = await stage(t);
  const { pool, asOf } = scene;
  const numbers: number[] = [];
  for (const place of [1, 2, 3]) numbers.push((await asOf.at(TREE, positionAfter(scene, place), MINUTE)).build.number);
  const [first = 0, second = 0, third = 0] = numbers;
  await pool.query('update orderlog.as_of_builds set bytes = 100');
  const small = scene.another({ keep: { keepSeconds: 3_600, maxBytes: 250 } });
  await small.sweep();
  t.equal((await asOfSchemas(pool)).length, 3, 'what was used a moment ago stays');
  await age(pool, first, 20);
  await age(pool, second, 60);
  await age(pool, third, 40);
  await small.sweep();
  const left = [first, third].map((number) => `asof_category_tree_${number}`);
  t.same(await asOfSchemas(pool), left);
});

t.test('an as-of build that somebody reads is not dropped', async (t) => {
  const scene = await stage(t);
  const { pool, asOf } = scene;
  const { build } = await asOf.at(TREE, positionAfter(scene, 3), MINUTE);
  await age(pool, build.number, 100_000);
  const reader = await pool.connect();
  await reader.query(`begin; select from asof_category_tree_${build.number}.categories`);
  await asOf.sweep();
  t.equal((await asOfSchemas(pool)).length, 1);
  await reader.query('commit');
  reader.release();
  await asOf.sweep();
  t.same(await asOfSchemas(pool), []);
});

t.test('a process makes one at a time, lets a few wait, and refuses more', async (t) => {
  const scene = await stage(t);
  const { asOf, pool, store, shop } = scene;
  for (let order = 10; order < 40; order++) shop.place(order, 1);
  const held = hold(store);
  const codes: (string | null)[] = [];
  const asked = Array.from({ length: 20 }, async (_, n) => {
    codes.push(await codeOfAsync(() => asOf.at('user-orders', positionAfter(scene, 6 + n), MINUTE)));
  });
  await until(() => held.begun() && codes.length >= 4);
  t.same(await states(pool), ['building'], 'one is being made');
  t.equal(asOf.underWay, 16);
  t.same(codes, ['overloaded', 'overloaded', 'overloaded', 'overloaded']);
  held.release();
  await Promise.all(asked);
  t.same(codes.slice(4), Array(16).fill(null), 'who waits gets his turn');
  t.same(await states(pool), Array(16).fill('ready'));
});

t.test('an as-of build of another projection version is not used', async (t) => {
  const scene = await stage(t);
  const { build } = await scene.asOf.at(TREE, positionAfter(scene, 3), MINUTE);
  const next = projections.map((one) => ({ ...one, version: one.version + 1 }));
  const found = await scene.another({ projections: next }).at(TREE, positionAfter(scene, 3), MINUTE);
  t.notOk(found.reused);
  t.not(found.build.number, build.number);
  t.ok((await scene.asOf.at(TREE, positionAfter(scene, 3), MINUTE)).reused, 'each has its own');
});

t.test('an as-of build that fails its recount is not shown, and the reason is in the log', async (t) => {
  const scene = await stage(t);
  const wrong = projections.map((one) => {
    const { bulk } = one;
    if (one.name !== TREE || !bulk) return one;
    const finish = [...bulk.finish, 'update {schema}.categories set total_products = total_products + 1'];
    return { ...one, bulk: { ...bulk, finish } };
  });
  const told: object[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (fields: object) => void told.push(fields) };
  const broken = scene.another({ projections: wrong, log });
  t.equal(await codeOfAsync(() => broken.at(TREE, positionAfter(scene, 3), MINUTE)), 'read-model-behind');
  t.match(told, [{ model: TREE, error: /counted again/ }]);
  t.notOk((await scene.asOf.at(TREE, positionAfter(scene, 3), MINUTE)).reused);
});

t.test('metrics tell what is kept, how large it is, and what is being made', async (t) => {
  const scene = await stage(t);
  const { asOf, pool, store } = scene;
  const metrics = new Registry();
  measureAsOf(metrics, { pool, asOf, reports: (model) => Promise.resolve(model === TREE) });
  await asOf.at(TREE, positionAfter(scene, 2), MINUTE);
  await asOf.at(TREE, positionAfter(scene, 3), MINUTE);
  const held = hold(store);
  const being = asOf.at('order-counts', positionAfter(scene, 3), MINUTE);
  await until(held.begun);
  const told = await metrics.metrics();
  t.match(told, /^orderlog_snapshots_kept\{model="category-tree"\} 2$/m);
  t.match(told, /^orderlog_snapshots_bytes\{model="category-tree"\} [1-9]\d+$/m);
  t.match(told, /^orderlog_snapshots_under_way 1$/m);
  held.release();
  t.ok(await being);
});

t.test('closing breaks off what is being made, at once', async (t) => {
  const scene = await stage(t);
  const { asOf, store } = scene;
  const held = hold(store);
  const being = codeOfAsync(() => asOf.at(TREE, positionAfter(scene, 3), MINUTE));
  await until(held.begun);
  const closed = asOf.close();
  held.release();
  await closed;
  t.equal(await being, 'overloaded');
});
