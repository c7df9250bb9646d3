import type { bulk } from '../../src/engine/index.js';
import { type Alike, countAgain } from '../forest/count-again.js';
import { ORDER_STATUSES, type OrderStatus } from '../../src/values.js';

/** Counts all orders again. A status without a row has no orders. */
export const RECOUNT_TOTALS = `
  select 'totals' as table, status as key, 'orders' as column, t.orders::text as found, o.orders::text as recounted
  from {schema}.totals t
  full join (select status, count(*) as orders from {schema}.orders group by status) o using (status)
  where coalesce(t.orders, 0) <> coalesce(o.orders, 0)`;

/** Counts the orders of every category again, order by order and outside of the database, from where the products stand. */
export function recountOrders(read: bulk.ReadRows): Promise<bulk.Miscounted[]> {
  return countAgain(read, ORDER_STATUSES, ordersIn(read));
}

async function* ordersIn(read: bulk.ReadRows): AsyncGenerator<Alike[]> {
  const places = await placesOf(read);
  const orders = `select status, array_to_string(product_ids, ',') as products, count(*)::integer as orders
    from {schema}.orders group by status, product_ids`;
  for await (const rows of read<{ status: OrderStatus; products: string; orders: number }>(orders)) {
    yield rows.map(({ status, products, orders }) => ({
      places: products.split(',').flatMap((id) => places.of(Number(id))),
      kind: status,
      things: orders,
    }));
  }
}

/** The categories that products stand in, in plain arrays: millions of them fit. */
async function placesOf(read: bulk.ReadRows): Promise<{ of(productId: number): number[] }> {
  const ids: number[] = [];
  const starts: number[] = [];
  const catIds: number[] = [];
  const text = `select product_id, array_to_string(cat_ids, ',') as cats from {schema}.products order by product_id`;
  for await (const rows of read<{ product_id: number; cats: string }>(text)) {
    for (const { product_id, cats } of rows) {
      ids.push(product_id);
      starts.push(catIds.length);
      for (const id of cats.split(',')) catIds.push(Number(id));
    }
  }
  starts.push(catIds.length);
  return {
    of(productId): number[] {
      let [low, high] = [0, ids.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((ids[middle] as number) < productId) low = middle + 1;
        else high = middle;
      }
      // An order may wait for a product that is not known yet.
      return ids[low] === productId ? catIds.slice(starts[low], starts[low + 1]) : [];
    },
  };
}
