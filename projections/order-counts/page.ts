import type { Forest } from '../forest/forest.js';
import { beforePage, cachedForest, LiveTree, type Rearranged } from '../forest/live-forest.js';
import type { Step } from '../forest/tree.js';
import type { FactOf, live } from '../../src/engine/index.js';
import type { orderEvents } from '../../src/order/events.js';
import type { OrderStatus } from '../../src/values.js';

export interface Product {
  readonly catIds: readonly number[];
  /** As its row has them; null where there is none. */
  readonly before: readonly number[] | null;
}

export interface Order {
  readonly productIds: readonly number[];
  /** Its status before this page; null when it was placed in it. */
  readonly before: OrderStatus | null;
  status: OrderStatus;
}

/**
 * What a page works on. Counts are a function of where products stand and of the orders' statuses, so handlers only note
 * where things are at the end of the page; flush brings the counts from the one to the other.
 */
export class Page extends LiveTree {
  /** Products that events of the page put somewhere. */
  readonly products = new Map<number, Product>();
  readonly orders = new Map<string, Order>();

  constructor(
    forest: Forest<null>,
    { before, rearranged }: Rearranged,
    /** Categories that products name, by product: those of the page's orders and others met lately. */
    readonly catIds: Map<number, readonly number[]>,
  ) {
    super(forest, before, rearranged);
  }

  addProduct(_step: Step, id: number, catIds: readonly number[]): void {
    this.setProduct(id, { catIds, before: null });
  }

  moveProduct(_step: Step, id: number, catIds: readonly number[]): void {
    const product = this.products.get(id);
    if (!product) throw new RangeError(`there is no product ${id}`);
    this.setProduct(id, { ...product, catIds });
  }

  addOrder(id: string, productIds: readonly number[]): void {
    this.orders.set(id, { productIds, before: null, status: 'placed' });
  }

  moveOrder(_step: Step, id: string, status: OrderStatus): void {
    const order = this.orders.get(id);
    if (!order) throw new RangeError(`there is no order ${id}`);
    order.status = status;
  }

  setProduct(id: number, product: Product): void {
    this.products.set(id, product);
    this.catIds.set(id, product.catIds);
  }
}

/** Products kept in memory between pages, at most. */
const KEPT = 50_000;

const TREE = { name: 'order-counts', columns: [], valueOf: (): null => null };

export async function open(
  events: readonly live.ProjectedEvent[],
  db: live.ProjectionDb,
  cache: live.ProjectionCache,
): Promise<Page> {
  const named = whatIsNamed(events);
  const forest = await cachedForest(TREE, db, cache);
  const page = new Page(forest, await beforePage('order-counts', forest, named.categories, db), cachedCatIds(cache));
  await loadProducts(page, named, db);
  await loadOrders(page, named, db);
  await loadCatIds(page, named, db);
  return page;
}

interface Named {
  /** By tree events. */
  readonly categories: Set<number>;
  /** By product events. */
  readonly products: Set<number>;
  /** By events that follow on an order's placement, unless it is in this page. */
  readonly orders: Set<string>;
  /** By the lines of the orders. */
  readonly ordered: Set<number>;
}

function whatIsNamed(events: readonly live.ProjectedEvent[]): Named {
  const named: Named = { categories: new Set(), products: new Set(), orders: new Set(), ordered: new Set() };
  const placed = new Set<string>();
  for (const { type, data } of events) {
    if (type === 'OrderPlaced') {
      const { order_id, items } = data as Extract<FactOf<typeof orderEvents>, { type: 'OrderPlaced' }>['data'];
      placed.add(order_id);
      for (const item of items) named.ordered.add(item.product_id);
    } else if ('order_id' in data) {
      if (!placed.has(data.order_id as string)) named.orders.add(data.order_id as string);
    } else if ('product_id' in data) {
      named.products.add(data.product_id as number);
    } else if ('cat_id' in data) {
      named.categories.add(data.cat_id as number);
    }
  }
  return named;
}

async function loadProducts(page: Page, named: Named, db: live.ProjectionDb): Promise<void> {
  if (named.products.size === 0) return;
  const rows = await db.query<{ product_id: number; cat_ids: number[] }>(
    'order-counts-products',
    'select product_id, cat_ids from {schema}.products where product_id = any($1::int[])',
    [[...named.products]],
  );
  for (const { product_id, cat_ids } of rows) page.setProduct(product_id, { catIds: cat_ids, before: cat_ids });
}

async function loadOrders(page: Page, named: Named, db: live.ProjectionDb): Promise<void> {
  if (named.orders.size === 0) return;
  const rows = await db.query<{ order_id: string; status: OrderStatus; product_ids: number[] }>(
    'order-counts-orders',
    'select order_id, status, product_ids from {schema}.orders where order_id = any($1::uuid[])',
    [[...named.orders]],
  );
  for (const { order_id, status, product_ids } of rows) {
    page.orders.set(order_id, { productIds: product_ids, before: status, status });
    for (const id of product_ids) named.ordered.add(id);
  }
}

async function loadCatIds(page: Page, named: Named, db: live.ProjectionDb): Promise<void> {
  const missing = [...named.ordered].filter((id) => !page.catIds.has(id));
  if (missing.length === 0) return;
  const rows = await db.query<{ product_id: number; cat_ids: number[] }>(
    'order-counts-cat-ids',
    'select product_id, cat_ids from {schema}.products where product_id = any($1::int[])',
    [missing],
  );
  for (const { product_id, cat_ids } of rows) page.catIds.set(product_id, cat_ids);
}

function cachedCatIds(cache: live.ProjectionCache): Map<number, readonly number[]> {
  const known = cache.get('cat-ids') as Map<number, readonly number[]> | undefined;
  if (known && known.size < KEPT) return known;
  const fresh = new Map<number, readonly number[]>();
  cache.set('cat-ids', fresh);
  return fresh;
}
