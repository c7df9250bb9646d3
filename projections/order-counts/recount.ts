import type { Miscounted, ReadRows } from '../../src/infra/projector/bulk.js';
import type { Status } from './page.js';

type Counts = Record<Status, number>;

interface CategoryRow extends Counts {
  readonly cat_id: number;
  readonly parent_cat_id: number | null;
}

/** Counts the orders of every category again, order by order and outside of the database, from where the products stand. */
export async function recountOrders(read: ReadRows): Promise<Miscounted[]> {
  const categories = new Map<number, CategoryRow>();
  for await (const rows of read<CategoryRow>(
    'select cat_id, parent_cat_id, placed, paid, cancelled from {schema}.categories',
  )) {
    for (const row of rows) categories.set(row.cat_id, row);
  }
  const places = await placesOf(read);
  const counted = new Map<number, Counts>();
  const orders = `select status, array_to_string(product_ids, ',') as products, count(*) as orders
    from {schema}.orders group by status, product_ids`;
  for await (const rows of read<{ status: Status; products: string; orders: number }>(orders)) {
    for (const { status, products, orders } of rows) {
      const standing = new Set<number>();
      for (const id of products.split(',')) {
        for (const catId of places.of(Number(id))) walkUp(catId, categories, standing);
      }
      for (const catId of standing) {
        const counts = counted.get(catId) ?? { placed: 0, paid: 0, cancelled: 0 };
        counts[status] += orders;
        counted.set(catId, counts);
      }
    }
  }
  return [...categories.values()].flatMap((row) => {
    const again = counted.get(row.cat_id) ?? { placed: 0, paid: 0, cancelled: 0 };
    return (['placed', 'paid', 'cancelled'] as const).flatMap((column) => {
      const [found, recounted] = [String(row[column]), String(again[column])];
      return found === recounted ? [] : [{ table: 'categories', key: String(row.cat_id), column, found, recounted }];
    });
  });
}

/** Adds the category and all above it; a removed one is not there, and ends the walk. */
function walkUp(from: number, categories: ReadonlyMap<number, CategoryRow>, met: Set<number>): void {
  let id: number | null = from;
  while (id !== null && !met.has(id)) {
    const category = categories.get(id);
    if (!category) return;
    met.add(id);
    id = category.parent_cat_id;
  }
}

/** The categories that products stand in, in plain arrays: millions of them fit. */
async function placesOf(read: ReadRows): Promise<{ of(productId: number): number[] }> {
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
