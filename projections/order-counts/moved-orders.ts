import type { DistinctCounts } from '../forest/distinct-counts.js';
import type { live } from '../../src/engine/index.js';
import type { OrderStatus } from '../../src/values.js';
import type { Page } from './page.js';

/** An order that may count elsewhere, once for each of its products that may stand elsewhere. */
interface MovedOrder {
  readonly status: OrderStatus;
  /** Its products as their rows are, each with its categories: `7:1,2 9:3`. */
  readonly lines: string;
  /** The product by which it was found. */
  readonly product_id: number;
  /** The category by which that was found; null where an event of the product was. */
  readonly cat_id: number | null;
}

/** Product and categories of each product of the order `o`; one that is not known yet has none. */
const LINES = `(
  select string_agg(line.product_id || ':' || coalesce(array_to_string(p.cat_ids, ','), ''), ' ')
  from unnest(o.product_ids) as line (product_id) left join {schema}.products p using (product_id))`;

const MOVED_PRODUCTS = `
  select p.product_id, wanted.cat_id from unnest($1::int[]) as wanted (cat_id)
  join {schema}.products p on p.cat_ids @> array[wanted.cat_id]
  union all
  select product_id, null from unnest($2::int[]) as named (product_id)`;

/** For few products: the index finds the orders of each. It is never given all of them at once, for then it compares all with all. */
const BY_PRODUCT = `
  select o.status, ${LINES} as lines, moved.product_id, moved.cat_id
  from (${MOVED_PRODUCTS}) moved join {schema}.orders o on o.product_ids @> array[moved.product_id]`;

/** For many: to go through all orders once costs less than to look for most of them one by one. */
const ALL = `select o.status, ${LINES} as lines from {schema}.orders o`;

/** Whether so many products move that all orders are gone through: a look-up costs as much as some orders of a block do. */
const ARE_MANY = `
  with most as (select 1000 + 16 * pg_relation_size('{schema}.orders') / 8192 as products)
  select (select count(*) from (
      select from unnest($1::int[]) as wanted (cat_id) join {schema}.products p on p.cat_ids @> array[wanted.cat_id]
      limit (select products + 1 from most)) moved
    ) > (select products from most) as many`;

async function areMany({ rearranged }: Page, db: live.ProjectionDb): Promise<boolean> {
  if (rearranged.length === 0) return false;
  const [found] = await db.query<{ many: boolean }>('order-counts-many', ARE_MANY, [rearranged]);
  return found?.many ?? false;
}

/**
 * Counts the orders of earlier pages that hold a product which may stand elsewhere after the page, before it and now. The rows
 * of products must still be those before the page.
 */
export async function addMovedOrders(
  page: Page,
  before: DistinctCounts<OrderStatus>,
  now: DistinctCounts<OrderStatus>,
  db: live.ProjectionDb,
): Promise<void> {
  const named = [...page.products.keys()];
  if (named.length === 0 && page.rearranged.length === 0) return;
  const rearranged = new Set(page.rearranged);
  // Each look-up reads all that waits to enter the index.
  await db.query('order-counts-clean-orders', `select gin_clean_pending_list('{schema}.orders_product_ids')`);
  const orders = (await areMany(page, db))
    ? db.each<Pick<MovedOrder, 'status' | 'lines'> & Partial<MovedOrder>>(ALL)
    : db.each<MovedOrder>(BY_PRODUCT, [page.rearranged, named]);
  for await (const rows of orders) {
    for (const { status, lines, product_id, cat_id } of rows) {
      const was: number[] = [];
      const is: number[] = [];
      let first: { readonly productId: number; readonly catId: number | null } | null = null;
      for (const line of lines.split(' ')) {
        const colon = line.indexOf(':');
        const productId = Number(line.slice(0, colon));
        const stored =
          colon === line.length - 1
            ? []
            : line
                .slice(colon + 1)
                .split(',')
                .map(Number);
        const product = page.products.get(productId);
        was.push(...(product ? (product.before ?? []) : stored));
        is.push(...(product ? product.catIds : stored));
        const catId = product ? null : stored.find((id) => rearranged.has(id));
        if (catId !== undefined) first ??= { productId, catId };
      }
      // It comes once for each way to it, and is counted when it comes by the first.
      if (!first || (product_id !== undefined && (product_id !== first.productId || cat_id !== first.catId))) continue;
      before.add(was, status, 1);
      now.add(is, status, 1);
    }
  }
}
