import type { ProjectionDb } from '../../src/engine/projecting/projection.js';
import type { ProductsPage } from './projection.js';

export async function writeProducts({ products }: ProductsPage, db: ProjectionDb): Promise<void> {
  if (products.size === 0) return;
  const rows = [...products.values()];
  await db.query(
    'products-write',
    `insert into {schema}.products (product_id, sku, name, price, currency, cat_ids, status, revision)
     select product_id, sku, name, price, currency, cat_ids::integer[], status, revision
     from unnest($1::integer[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::integer[])
       as x (product_id, sku, name, price, currency, cat_ids, status, revision)
     on conflict (product_id) do update set
       name = excluded.name, price = excluded.price, cat_ids = excluded.cat_ids, status = excluded.status,
       revision = excluded.revision`,
    [
      rows.map((product) => product.product_id),
      rows.map((product) => product.sku),
      rows.map((product) => product.name),
      rows.map((product) => product.price),
      rows.map((product) => product.currency),
      rows.map((product) => `{${product.cat_ids.join(',')}}`),
      rows.map((product) => product.status),
      rows.map((product) => product.revision),
    ],
  );
}

export async function writeCategories({ forest, categories }: ProductsPage, db: ProjectionDb): Promise<void> {
  const written = [...categories].flatMap((id) => forest.get(id) ?? []);
  const removed = [...categories].filter((id) => !forest.get(id));
  if (removed.length > 0) {
    await db.query('products-remove-categories', 'delete from {schema}.categories where cat_id = any($1::integer[])', [
      removed,
    ]);
  }
  if (written.length > 0) {
    await db.query(
      'products-write-categories',
      `insert into {schema}.categories (cat_id, parent_cat_id) select * from unnest($1::integer[], $2::integer[])
       on conflict (cat_id) do update set parent_cat_id = excluded.parent_cat_id`,
      [written.map(({ id }) => id), written.map(({ parent }) => parent?.id ?? null)],
    );
  }
}
