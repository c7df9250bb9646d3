import type { ProjectionDb } from '../../src/infra/projector/projection.js';
import { CountChanges, type Pair } from './count-changes.js';
import type { Order, Page } from './page.js';

/** The numbered order matters: a step reads rows that a later one changes. */
export async function flush(page: Page, db: ProjectionDb): Promise<void> {
  const changes = new CountChanges();
  // 1. The tree.
  await writeCategories(page, db);
  // 2. The orders of earlier pages move with their products: still under their old statuses.
  await moveProducts(page, changes, db);
  // 3. The orders of this page, where the products stand by now.
  countOrders(page, changes);
  // 4. What is left to write reads nothing: each order, and each category that is concerned once, the root too.
  await Promise.all([...writeOrders(page, db), changes.write(db)]);
}

async function writeCategories(page: Page, db: ProjectionDb): Promise<void> {
  if (page.categories.size === 0) return;
  const ids = [...page.categories].sort((a, b) => a - b);
  const removed = ids.filter((id) => !page.forest.get(id));
  const written = ids.flatMap((id) => page.forest.get(id) ?? []);
  await db.query('order-counts-remove', 'delete from {schema}.categories where cat_id = any($1::int[])', [removed]);
  await db.query(
    'order-counts-categories',
    `insert into {schema}.categories (cat_id, parent_cat_id) select * from unnest($1::int[], $2::int[])
     on conflict (cat_id) do update set parent_cat_id = excluded.parent_cat_id`,
    [written.map(({ id }) => id), written.map(({ parent }) => parent?.id ?? null)],
  );
}

async function moveProducts(page: Page, changes: CountChanges, db: ProjectionDb): Promise<void> {
  const gained: Pair[] = [];
  const lost: Pair[] = [];
  const rows = [];
  for (const [productId, product] of page.products) {
    const above = page.forest.above(product.catIds).map((place) => place.id);
    const gone = new Set(product.above);
    const joined = above.filter((catId) => !gone.delete(catId));
    for (const catId of joined) gained.push({ productId, catId });
    for (const catId of gone) if (page.forest.get(catId)) lost.push({ productId, catId });
    if (product.changed || joined.length > 0 || gone.size > 0) {
      rows.push({ productId, catIds: product.catIds, above: above.sort((a, b) => a - b) });
    }
  }
  // An order is new to a category if no product of it stood there before; it leaves one if none stands there afterwards.
  await changes.addOrdersOutside(gained, 1, db);
  await writeProducts(rows, db);
  await changes.addOrdersOutside(lost, -1, db);
}

async function writeProducts(
  rows: readonly { productId: number; catIds: readonly number[]; above: readonly number[] }[],
  db: ProjectionDb,
): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    'order-counts-write-products',
    `insert into {schema}.products (product_id, cat_ids, above)
     select product_id, cat_ids::int[], above::int[]
     from unnest($1::int[], $2::text[], $3::text[]) as changed (product_id, cat_ids, above)
     on conflict (product_id) do update set cat_ids = excluded.cat_ids, above = excluded.above`,
    [
      rows.map((row) => row.productId),
      rows.map((row) => arrayText(row.catIds)),
      rows.map((row) => arrayText(row.above)),
    ],
  );
}

function countOrders(page: Page, changes: CountChanges): void {
  for (const order of page.orders.values()) {
    if (order.before === order.status) continue;
    const catIds = order.productIds.flatMap((id) => page.catIds.get(id) ?? []);
    for (const { id } of page.forest.above(catIds)) {
      changes.add(id, order.status, 1);
      if (order.before !== null) changes.add(id, order.before, -1);
    }
  }
}

function writeOrders(page: Page, db: ProjectionDb): Promise<unknown>[] {
  const placed: [string, Order][] = [];
  const changed: [string, Order][] = [];
  for (const entry of page.orders) (entry[1].before === null ? placed : changed).push(entry);
  const writes: Promise<unknown>[] = [];
  if (placed.length > 0) {
    const text = `insert into {schema}.orders (order_id, status, product_ids)
       select order_id, status, product_ids::int[]
       from unnest($1::uuid[], $2::text[], $3::text[]) as placed (order_id, status, product_ids)`;
    const values = [
      placed.map(([id]) => id),
      placed.map(([, { status }]) => status),
      placed.map(([, { productIds }]) => arrayText(productIds)),
    ];
    writes.push(db.query('order-counts-placed', text, values));
  }
  if (changed.length > 0) {
    const text = `update {schema}.orders set status = changed.status
     from unnest($1::uuid[], $2::text[]) as changed (order_id, status)
     where orders.order_id = changed.order_id`;
    const values = [changed.map(([id]) => id), changed.map(([, { status }]) => status)];
    writes.push(db.query('order-counts-changed', text, values));
  }
  return writes;
}

function arrayText(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}
