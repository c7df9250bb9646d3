import type { ProjectionDb } from '../../src/engine/projecting/projection.js';
import type { ProductsPage, ProductRow } from './projection.js';

/** Rows of one statement, so that none takes long or much memory, whatever was moved. */
const CHUNK = 20_000;
/** Sets of categories whose difference is kept. */
const KEPT = 10_000;

/** Where products come to stand in a page and where not any more, by their categories before it and after it. */
interface Difference {
  readonly gained: readonly number[];
  readonly lost: readonly number[];
}

/**
 * Makes the rows of `standing` what the tables of products and categories say after the page. They depend on nothing else, so
 * it does not matter which of the page's events came first. The rows of products and categories are written already.
 */
export async function writeStanding(page: ProductsPage, db: ProjectionDb): Promise<void> {
  const changes = new StandingChanges(db);
  const newStatus: number[] = [];
  for (const [productId, product] of page.products) {
    const stored = page.stored.get(productId);
    if (stored && stored.status !== product.status) newStatus.push(productId);
    await changes.add(productId, differenceOf(page, stored, product));
  }
  await addRearranged(page, changes, db);
  await changes.write();
  if (newStatus.length === 0) return;
  await db.query(
    'products-standing-status',
    `update {schema}.standing s set status = p.status from {schema}.products p
     where s.product_id = any($1::integer[]) and p.product_id = s.product_id`,
    [newStatus],
  );
}

function differenceOf(
  { before, forest }: ProductsPage,
  was: Pick<ProductRow, 'cat_ids'> | undefined,
  is: Pick<ProductRow, 'cat_ids'>,
): Difference {
  if (before === forest && was?.cat_ids === is.cat_ids) return { gained: [], lost: [] };
  const lost = new Set(before.above(was?.cat_ids ?? []).map(({ id }) => id));
  const gained = forest.above(is.cat_ids).flatMap(({ id }) => (lost.delete(id) ? [] : [id]));
  return { gained, lost: [...lost] };
}

/** Products without an event of their own, where the tree is another one. */
async function addRearranged(page: ProductsPage, changes: StandingChanges, db: ProjectionDb): Promise<void> {
  if (page.rearranged.length === 0) return;
  const known = new Map<string, Difference>();
  const standing = db.each<{ product_id: number; cats: string }>(
    `select s.product_id, array_to_string(p.cat_ids, ',') as cats
     from {schema}.standing s join {schema}.products p on p.product_id = s.product_id
     where s.cat_id = any($1::integer[])`,
    [page.rearranged],
  );
  for await (const rows of standing) {
    for (const { product_id, cats } of rows) {
      if (page.products.has(product_id)) continue;
      let difference = known.get(cats);
      if (!difference) {
        const product = { cat_ids: cats.split(',').map(Number) };
        if (known.size >= KEPT) known.clear();
        known.set(cats, (difference = differenceOf(page, product, product)));
      }
      await changes.add(product_id, difference);
    }
  }
}

/** Rows that are new and rows that go, written a chunk at a time; the same row twice does no harm. */
class StandingChanges {
  #gained: [productId: number, catId: number][] = [];
  #lost: [productId: number, catId: number][] = [];

  constructor(readonly db: ProjectionDb) {}

  async add(productId: number, { gained, lost }: Difference): Promise<void> {
    for (const catId of gained) this.#gained.push([productId, catId]);
    for (const catId of lost) this.#lost.push([productId, catId]);
    if (this.#gained.length + this.#lost.length >= CHUNK) await this.write();
  }

  async write(): Promise<void> {
    const [gained, lost] = [this.#gained, this.#lost];
    [this.#gained, this.#lost] = [[], []];
    if (lost.length > 0) {
      await this.db.query(
        'products-leave',
        `delete from {schema}.standing s using unnest($1::integer[], $2::integer[]) as lost (product_id, cat_id)
         where s.product_id = lost.product_id and s.cat_id = lost.cat_id`,
        [lost.map(([productId]) => productId), lost.map(([, catId]) => catId)],
      );
    }
    if (gained.length > 0) {
      await this.db.query(
        'products-join',
        `insert into {schema}.standing (product_id, cat_id, status)
         select gained.product_id, gained.cat_id, p.status
         from unnest($1::integer[], $2::integer[]) as gained (product_id, cat_id)
         join {schema}.products p on p.product_id = gained.product_id
         on conflict (product_id, cat_id) do nothing`,
        [gained.map(([productId]) => productId), gained.map(([, catId]) => catId)],
      );
    }
  }
}
