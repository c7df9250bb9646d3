import type { ProjectionDb } from '../../src/infra/projector/projection.js';
import type { Page } from './page.js';

export async function flush(page: Page, db: ProjectionDb): Promise<void> {
  addUp(page);
  await writeCategories(page, db);
  await writeProducts(page, db);
  if (page.revision === null) return;
  await db.query(
    'category-tree-document',
    `insert into {schema}.document (revision) values ($1)
     on conflict (only_row) do update set revision = excluded.revision`,
    [page.revision],
  );
}

/** Brings the totals up to date: what each product counted in before the page against what it counts in now. */
function addUp(page: Page): void {
  for (const product of page.products.values()) {
    const now = page.countedIn(product);
    const gone = new Set(product.before);
    for (const id of now) if (!gone.delete(id)) change(page, id, 1);
    for (const id of gone) change(page, id, -1);
  }
}

function change(page: Page, id: number, by: number): void {
  const place = page.forest.get(id);
  if (!place) return; // removed in this page, and its row with it
  place.value.total += by;
  page.touched.add(id);
}

async function writeCategories(page: Page, db: ProjectionDb): Promise<void> {
  if (page.touched.size === 0) return;
  const places = [];
  const removed = [];
  for (const id of [...page.touched].sort((a, b) => a - b)) {
    const place = page.forest.get(id);
    if (place) places.push(place);
    else removed.push(id);
  }
  if (removed.length > 0) {
    await db.query('category-tree-remove', 'delete from {schema}.categories where cat_id = any($1::int[])', [removed]);
  }
  if (places.length === 0) return;
  await db.query(
    'category-tree-write',
    `insert into {schema}.categories (cat_id, parent_cat_id, code, name, total_products, revision)
     select * from unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::int[], $6::int[])
     on conflict (cat_id) do update set parent_cat_id = excluded.parent_cat_id, name = excluded.name,
       total_products = excluded.total_products, revision = excluded.revision`,
    [
      places.map(({ id }) => id),
      places.map(({ parent }) => parent?.id ?? null),
      places.map(({ value }) => value.code),
      places.map(({ value }) => value.name),
      places.map(({ value }) => value.total),
      places.map(({ value }) => value.revision),
    ],
  );
}

async function writeProducts(page: Page, db: ProjectionDb): Promise<void> {
  const changed = [...page.products].filter(([, { changed }]) => changed);
  if (changed.length === 0) return;
  await db.query(
    'category-tree-write-products',
    `insert into {schema}.products (product_id, cat_ids, retired)
     select product_id, cat_ids::int[], retired
     from unnest($1::int[], $2::text[], $3::boolean[]) as changed (product_id, cat_ids, retired)
     on conflict (product_id) do update set cat_ids = excluded.cat_ids, retired = excluded.retired`,
    [
      changed.map(([id]) => id),
      changed.map(([, { catIds }]) => `{${catIds.join(',')}}`),
      changed.map(([, { retired }]) => retired),
    ],
  );
}
