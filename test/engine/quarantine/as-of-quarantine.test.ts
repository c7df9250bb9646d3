import t from 'tap';
import type pg from 'pg';
import { projections } from '../../../projections/index.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { broken } from '../../support/broken.js';
import { testDatabase } from '../../support/database.js';
import { type MadeUpStore, placeOf, storeOf } from '../../support/made-up-store.js';
import { Shop } from '../../support/shop.js';
import { skipEvents, asOfRows, asOfBuildsOn } from '../../support/as-of-builds.js';

const MINUTE = 60_000;
const ORDERS = 'user-orders';

interface Stage {
  readonly pool: pg.Pool;
  readonly shop: Shop;
  readonly store: MadeUpStore;
  /** With code that can't take the second of three orders. */
  readonly worse: readonly AnyProjection[];
  /** The order that waits with that code. */
  readonly held: { readonly stream: string; readonly revision: number };
}

async function stage(t: Parameters<typeof testDatabase>[0]): Promise<Stage> {
  const { pool } = await testDatabase(t);
  const shop = new Shop();
  shop.addCategory(1);
  shop.addProduct(1, 1);
  for (const order of [1, 2, 3]) shop.place(order, 1);
  const { stream = '', revision = 0 } = shop.log.events[3] ?? {};
  const worse = projections.map((one) => (one.name === ORDERS ? broken(one, [`${stream}@${revision}`]) : one));
  return { pool, shop, store: storeOf(shop.log.events), worse, held: { stream, revision } };
}

t.test('an as-of build with a quarantined key serves its own process, and others make a new one', async (t) => {
  const { pool, shop, store, worse, held } = await stage(t);
  const [then, now] = [placeOf(shop.log.events, 3), placeOf(shop.log.events, 5)];
  const first = asOfBuildsOn(pool, store, { projections: worse });
  const { build } = await first.at(ORDERS, now, MINUTE);
  t.same(build.held, [held]);
  t.equal((await asOfRows(pool, build))['orders']?.length, 2);
  t.match(await first.at(ORDERS, now, MINUTE), { reused: true, build: { number: build.number, held: [held] } });
  t.same((await first.at(ORDERS, then, MINUTE)).build.held, [], 'before it nothing waits');
  const mended = asOfBuildsOn(pool, store);
  const better = await mended.at(ORDERS, now, MINUTE);
  t.match(better, { reused: false, build: { held: [] } });
  t.equal((await asOfRows(pool, better.build))['orders']?.length, 3);
  t.ok((await mended.at(ORDERS, then, MINUTE)).reused, 'where nothing waits there is nothing to do better');
});

t.test('while the key is quarantined in the active build too, one as-of build serves all processes', async (t) => {
  const { pool, shop, store, worse, held } = await stage(t);
  const now = placeOf(shop.log.events, 5);
  const inTheLive = [ORDERS, held.stream, held.revision, now];
  await pool.query(`
    insert into orderlog.checkpoints (model, build) values ('${ORDERS}', 7);
    insert into orderlog.builds (model, number, version, state) values ('${ORDERS}', 7, 1, 'active')`);
  await pool.query(
    `insert into orderlog.quarantine (model, build, stream, revision, position, type, message)
     values ($1, 7, $2, $3, $4, 'OrderPlaced', 'it is too much')`,
    inTheLive,
  );
  const { build } = await asOfBuildsOn(pool, store, { projections: worse }).at(ORDERS, now, MINUTE);
  const other = asOfBuildsOn(pool, store);
  t.match(await other.at(ORDERS, now, MINUTE), { reused: true, build: { number: build.number, held: [held] } });
  // An operator has let it go on.
  await pool.query('delete from orderlog.quarantine');
  t.match(await other.at(ORDERS, now, MINUTE), { reused: false, build: { held: [] } });
});

t.test('a skipped event is in no as-of build, earlier ones included', async (t) => {
  const { pool, shop, store } = await stage(t);
  const asOf = asOfBuildsOn(pool, store);
  const [then, now] = [placeOf(shop.log.events, 3), placeOf(shop.log.events, 5)];
  const before = await asOf.at(ORDERS, then, MINUTE);
  const whole = await asOf.at(ORDERS, now, MINUTE);
  t.equal((await asOfRows(pool, whole.build))['orders']?.length, 3);
  await skipEvents(pool, ORDERS, shop.log.events.slice(3, 4));
  const { build, reused } = await asOf.at(ORDERS, now, MINUTE);
  t.notOk(reused);
  t.equal((await asOfRows(pool, build))['orders']?.length, 2);
  t.ok((await asOf.at(ORDERS, now, MINUTE)).reused);
  t.equal((await asOf.at(ORDERS, then, MINUTE)).build.number, before.build.number, 'it came later');
  t.equal((await asOf.at('order-counts', now, MINUTE)).build.events, 5, 'it was skipped in one model only');
});
