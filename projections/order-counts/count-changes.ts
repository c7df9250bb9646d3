import type { ProjectionDb } from '../../src/infra/projector/projection.js';
import type { Status } from './page.js';

/** A product that comes to a category or leaves it. */
export interface Pair {
  readonly productId: number;
  readonly catId: number;
}

type Counts = Record<Status, number>;

/** By how much the counts of categories change in a page, added up. */
export class CountChanges {
  readonly #changes = new Map<number, Counts>();

  add(catId: number, status: Status, by: number): void {
    let change = this.#changes.get(catId);
    if (!change) this.#changes.set(catId, (change = { placed: 0, paid: 0, cancelled: 0 }));
    change[status] += by;
  }

  /**
   * Adds `sign` for each order and category of the pairs where the order holds the product, and none of its products
   * stands under the category as the rows are at this moment.
   */
  async addOrdersOutside(pairs: readonly Pair[], sign: 1 | -1, db: ProjectionDb): Promise<void> {
    if (pairs.length === 0) return;
    const productIds = pairs.map((pair) => pair.productId);
    const catIds = pairs.map((pair) => pair.catId);
    const rows = await db.query<{ cat_id: number; status: Status; orders: number }>(
      'order-counts-outside',
      `with line as (
         select order_id, status, item.product_id
         from {schema}.orders, unnest(product_ids) as item (product_id)
         where product_ids && $3::int[]
       )
       select cat_id, status, count(*)::int as orders
       from (
         select order_id, status, cat_id
         from line join unnest($1::int[], $2::int[]) as pair (product_id, cat_id) using (product_id)
         except
         select order_id, status, place.cat_id
         from line join {schema}.products using (product_id), unnest(above) as place (cat_id)
         where place.cat_id = any($4::int[])
       ) as outside
       group by cat_id, status`,
      [productIds, catIds, [...new Set(productIds)], [...new Set(catIds)]],
    );
    for (const row of rows) this.add(row.cat_id, row.status, sign * row.orders);
  }

  async write(db: ProjectionDb): Promise<void> {
    const changes = [...this.#changes]
      .filter(([, { placed, paid, cancelled }]) => placed !== 0 || paid !== 0 || cancelled !== 0)
      .sort(([one], [other]) => one - other);
    if (changes.length === 0) return;
    await db.query(
      'order-counts-write',
      `update {schema}.categories as category
       set placed = category.placed + change.placed, paid = category.paid + change.paid,
         cancelled = category.cancelled + change.cancelled
       from unnest($1::int[], $2::int[], $3::int[], $4::int[]) as change (cat_id, placed, paid, cancelled)
       where category.cat_id = change.cat_id`,
      [
        changes.map(([catId]) => catId),
        changes.map(([, { placed }]) => placed),
        changes.map(([, { paid }]) => paid),
        changes.map(([, { cancelled }]) => cancelled),
      ],
    );
  }
}
