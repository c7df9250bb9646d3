import { changesBetween, DistinctCounts } from '../forest/distinct-counts.js';
import { writeTree } from '../forest/live-forest.js';
import type { live } from '../../src/engine/index.js';
import { addMovedOrders } from './moved-orders.js';
import { ORDER_STATUSES, type OrderStatus } from '../../src/values.js';
import type { Order, Page } from './page.js';

/** The numbered order matters: a step reads rows that a later one changes. */
export async function flush(page: Page, db: live.ProjectionDb): Promise<void> {
  const before = new DistinctCounts(page.before, ORDER_STATUSES);
  const now = new DistinctCounts(page.forest, ORDER_STATUSES);
  // 1. The tree.
  await writeTree('order-counts', page, db);
  // 2. The orders of earlier pages move with their products: still under their old statuses.
  await addMovedOrders(page, before, now, db);
  await writeProducts(page, db);
  // 3. The orders of this page, where the products stand by now.
  countOrders(page, now);
  // 4. What is left to write reads nothing: each order, and each category that is concerned once, the root too.
  const changes = changesBetween(before.totals(), now.totals());
  writeOrders(page, db);
  writeCounts(changes, db);
  writeTotals(page, db);
}

function writeTotals(page: Page, db: live.ProjectionDb): void {
  const changes = new Map<OrderStatus, number>();
  const add = (status: OrderStatus, orders: number): void =>
    void changes.set(status, (changes.get(status) ?? 0) + orders);
  for (const { before, status } of page.orders.values()) {
    if (before === status) continue;
    add(status, 1);
    // Every order was placed, though it may be paid by the end of its page: rows must not depend on pages.
    add(before ?? 'placed', before === null ? 0 : -1);
  }
  if (changes.size === 0) return;
  db.write(
    'order-counts-totals',
    `insert into {schema}.totals as total (status, orders) select * from unnest($1::text[], $2::bigint[])
     on conflict (status) do update set orders = total.orders + excluded.orders`,
    [[...changes.keys()], [...changes.values()]],
  );
}

async function writeProducts(page: Page, db: live.ProjectionDb): Promise<void> {
  const changed = [...page.products].filter(([, { catIds, before }]) => catIds !== before);
  if (changed.length === 0) return;
  await db.query(
    'order-counts-write-products',
    `insert into {schema}.products (product_id, cat_ids)
     select product_id, cat_ids::int[] from unnest($1::int[], $2::text[]) as changed (product_id, cat_ids)
     on conflict (product_id) do update set cat_ids = excluded.cat_ids`,
    [changed.map(([id]) => id), changed.map(([, { catIds }]) => arrayText(catIds))],
  );
}

function countOrders(page: Page, now: DistinctCounts<OrderStatus>): void {
  for (const order of page.orders.values()) {
    if (order.before === order.status) continue;
    const catIds = order.productIds.flatMap((id) => page.catIds.get(id) ?? []);
    now.add(catIds, order.status, 1);
    if (order.before !== null) now.add(catIds, order.before, -1);
  }
}

function writeCounts(changes: ReadonlyMap<number, readonly number[]>, db: live.ProjectionDb): void {
  if (changes.size === 0) return;
  const sorted = [...changes].sort(([one], [other]) => one - other);
  db.write(
    'order-counts-write',
    `update {schema}.categories as category
     set placed = category.placed + change.placed, paid = category.paid + change.paid,
       cancelled = category.cancelled + change.cancelled
     from unnest($1::int[], $2::int[], $3::int[], $4::int[]) as change (cat_id, placed, paid, cancelled)
     where category.cat_id = change.cat_id`,
    [sorted.map(([catId]) => catId), ...ORDER_STATUSES.map((_, i) => sorted.map(([, by]) => by[i]))],
  );
}

function writeOrders(page: Page, db: live.ProjectionDb): void {
  const placed: [string, Order][] = [];
  const changed: [string, Order][] = [];
  for (const entry of page.orders) (entry[1].before === null ? placed : changed).push(entry);
  if (placed.length > 0) {
    const text = `insert into {schema}.orders (order_id, status, product_ids)
       select order_id, status, product_ids::int[]
       from unnest($1::uuid[], $2::text[], $3::text[]) as placed (order_id, status, product_ids)`;
    const values = [
      placed.map(([id]) => id),
      placed.map(([, { status }]) => status),
      placed.map(([, { productIds }]) => arrayText(productIds)),
    ];
    db.write('order-counts-placed', text, values);
  }
  if (changed.length > 0) {
    const text = `update {schema}.orders set status = changed.status
     from unnest($1::uuid[], $2::text[]) as changed (order_id, status)
     where orders.order_id = changed.order_id`;
    const values = [changed.map(([id]) => id), changed.map(([, { status }]) => status)];
    db.write('order-counts-changed', text, values);
  }
}

function arrayText(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}
