import type { ProjectionDb } from '../../src/infra/projector/projection.js';
import type { ProductsPage } from './projection.js';

/** Bounds the memory that one statement takes when a large branch of the tree is moved. */
const CHUNK = 5000;

/**
 * The products whose rows of `standing` the page changes. Must run before the page's rows are written: it finds what
 * stands in a moved or removed category by the rows as they are. A category that is new has no products yet.
 */
export async function whoseStandingChanges(page: ProductsPage, db: ProjectionDb): Promise<ReadonlySet<number>> {
  const affected = new Set<number>();
  for (const [productId, product] of page.products) {
    const before = page.stored.get(productId);
    if (before?.status !== product.status || before.cat_ids !== product.cat_ids) affected.add(productId);
  }
  if (page.rearranged.size > 0) {
    const rows = await db.query<{ product_id: number }>(
      'products-affected',
      'select distinct product_id from {schema}.standing where cat_id = any($1::integer[])',
      [[...page.rearranged]],
    );
    for (const { product_id } of rows) affected.add(product_id);
  }
  return affected;
}

/**
 * Makes the rows of `standing` of these products what the tables of products and categories say. They depend on nothing
 * else, so it does not matter which of the page's events came first.
 */
export async function renewStanding(productIds: ReadonlySet<number>, db: ProjectionDb): Promise<void> {
  const ids = [...productIds];
  for (let start = 0; start < ids.length; start += CHUNK) {
    await db.query(
      'products-renew-standing',
      `with recursive up (product_id, status, cat_id, parent_cat_id) as (
         select p.product_id, p.status, c.cat_id, c.parent_cat_id
         from {schema}.products p cross join unnest(p.cat_ids) as named (cat_id)
         join {schema}.categories c on c.cat_id = named.cat_id
         where p.product_id = any($1::integer[])
         union
         select up.product_id, up.status, c.cat_id, c.parent_cat_id
         from up join {schema}.categories c on c.cat_id = up.parent_cat_id
       ), gone as (
         delete from {schema}.standing s
         where s.product_id = any($1::integer[])
           and not exists (select from up where up.product_id = s.product_id and up.cat_id = s.cat_id)
       )
       insert into {schema}.standing as s (product_id, cat_id, status) select product_id, cat_id, status from up
       on conflict (product_id, cat_id) do update set status = excluded.status where s.status <> excluded.status`,
      [ids.slice(start, start + CHUNK)],
    );
  }
}
