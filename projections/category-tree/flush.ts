import { changesBetween, DistinctCounts } from '../forest/distinct-counts.js';
import type { live } from '../../src/engine/index.js';
import type { Page } from './page.js';

const KINDS = ['product'] as const;

export async function flush(page: Page, db: live.ProjectionDb): Promise<void> {
  await addUp(page, db);
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

/** Brings the totals up to date: what the products counted in before the page against what they count in now. */
async function addUp(page: Page, db: live.ProjectionDb): Promise<void> {
  const before = new DistinctCounts(page.before, KINDS);
  const now = new DistinctCounts(page.forest, KINDS);
  for (const { catIds, retired, before: was } of page.products.values()) {
    if (was && !was.retired) before.add(was.catIds, 'product', 1);
    if (!retired) now.add(catIds, 'product', 1);
  }
  if (page.rearranged.length > 0) await addRearranged(page, [before, now], db);
  for (const [id, [by = 0]] of changesBetween(before.totals(), now.totals())) {
    const place = page.forest.get(id);
    if (!place) continue; // removed in this page, and its row with it
    place.value.total += by;
    page.touched.add(id);
  }
}

/** Those without an event of their own: millions of products stand in thousands of sets of categories, and count set by set. */
async function addRearranged(
  page: Page,
  counts: readonly DistinctCounts<(typeof KINDS)[number]>[],
  db: live.ProjectionDb,
): Promise<void> {
  const rearranged = new Set(page.rearranged);
  const sets = db.each<{ cat_id: number; cats: string; products: number }>(
    `select wanted.cat_id, array_to_string(p.cat_ids, ',') as cats, count(*)::int as products
     from unnest($1::int[]) as wanted (cat_id) join {schema}.products p on p.cat_ids @> array[wanted.cat_id]
     where not p.retired group by wanted.cat_id, p.cat_ids`,
    [page.rearranged],
  );
  for await (const rows of sets) {
    for (const { cat_id, cats, products } of rows) {
      const catIds = cats.split(',').map(Number);
      // It comes once for each of its categories that is wanted.
      if (catIds.find((id) => rearranged.has(id)) !== cat_id) continue;
      for (const one of counts) one.add(catIds, 'product', products);
    }
  }
  // Those with events of their own were among them, as their rows are, and count by themselves.
  for (const { before } of page.products.values()) {
    if (!before || before.retired || !before.catIds.some((id) => rearranged.has(id))) continue;
    for (const one of counts) one.add(before.catIds, 'product', -1);
  }
}

async function writeCategories(page: Page, db: live.ProjectionDb): Promise<void> {
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

async function writeProducts(page: Page, db: live.ProjectionDb): Promise<void> {
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
