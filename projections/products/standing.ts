/**
 * The table `standing`: the categories in which or below which a product stands. A list by category is one range of its index.
 */
import type { bulk, live } from '../../src/engine/index.js';
import { closureOf } from '../forest/bulk-forest.js';
import type { LiveTree } from '../forest/live-forest.js';
import type { categories } from './categories.js';
import type { productsTable } from './products-table.js';

type Page = live.LivePage<{ readonly tree: typeof categories; readonly products: typeof productsTable }>;

export const standing: live.Derived<Page> = {
  tables: ['standing'],
  ddl: `
    create table {schema}.standing (
      product_id integer not null,
      cat_id integer not null,
      status text not null
    );
  `,
  indexes: `
    alter table {schema}.standing add primary key (product_id, cat_id);
    create index standing_by_category on {schema}.standing (cat_id, status, product_id);
  `,
  async flush(page, db, write): Promise<void> {
    const placed = await placedIn(page, db);
    await write();
    await writeStanding(page, placed, db);
  },
  finish: [
    closureOf('select distinct unnest(cat_ids) as id from {schema}.products'),
    'create index on {staging}.closure (id)',
    'analyze {staging}.closure',
    `insert into {schema}.standing (product_id, cat_id, status)
     select distinct p.product_id, c.above, p.status
     from (select product_id, status, unnest(cat_ids) as cat_id from {schema}.products) p
     join {staging}.closure c on c.id = p.cat_id`,
  ],
  // Of product and category; what is below and above tells the category's own row.
  sources: { standing: { stream: (key) => `product-${key.split(',')[0]}` } },
};

/**
 * Where the products must stand by the rows that are there: in what they name, and in the parents of where they stand. Rows that
 * are all of these and no others are right, for a tree has an end; and however deep it is, each row is looked at once.
 */
export const recountStanding: bulk.Recount = `
  with must as (
    select p.product_id, c.cat_id, p.status
    from {schema}.products p cross join unnest(p.cat_ids) as named (cat_id)
    join {schema}.categories c on c.cat_id = named.cat_id
    union
    select s.product_id, c.parent_cat_id, p.status
    from {schema}.standing s join {schema}.categories c on c.cat_id = s.cat_id
    join {schema}.products p on p.product_id = s.product_id where c.parent_cat_id is not null
  )
  select 'standing' as "table", coalesce(s.product_id, n.product_id) || ', ' || coalesce(s.cat_id, n.cat_id) as key,
    'status' as "column", s.status as found, n.status as recounted
  from {schema}.standing s full join must n on n.product_id = s.product_id and n.cat_id = s.cat_id
  where s.status is distinct from n.status`;

/** Rows of one statement, so that none takes long or much memory, whatever was moved. */
const CHUNK = 20_000;
/** Sets of categories whose difference is kept. */
const KEPT = 10_000;

/** Where products come to stand in a page and where not any more, by their categories before it and after it. */
interface Difference {
  readonly gained: readonly number[];
  readonly lost: readonly number[];
}

/** A product that events of the page put somewhere: the categories that it named before and names now. */
interface Placed {
  readonly was: readonly number[];
  readonly is: readonly number[];
}

/** Must run before the page's rows are written. */
async function placedIn({ products }: Page, db: live.ProjectionDb): Promise<ReadonlyMap<number, Placed>> {
  const placed = new Map<number, Placed>();
  for (const [id, { cat_ids }] of products.inserted) placed.set(Number(id), { was: [], is: cat_ids as number[] });
  const moved = new Map<number, number[]>();
  for (const [id, { values }] of products.patched) {
    if (values['cat_ids'] !== undefined) moved.set(Number(id), values['cat_ids'] as number[]);
  }
  if (moved.size === 0) return placed;
  const rows = await db.query<{ product_id: number; cat_ids: number[] }>(
    'standing-before',
    'select product_id, cat_ids from {schema}.products where product_id = any($1::integer[])',
    [[...moved.keys()]],
  );
  for (const { product_id, cat_ids } of rows) placed.set(product_id, { was: cat_ids, is: moved.get(product_id) ?? [] });
  return placed;
}

/**
 * Makes the rows of `standing` what the tables of products and categories say after the page. They depend on nothing else, so
 * it does not matter which of the page's events came first. The rows of products and categories are written already.
 */
async function writeStanding(page: Page, placed: ReadonlyMap<number, Placed>, db: live.ProjectionDb): Promise<void> {
  const changes = new StandingChanges(db);
  for (const [productId, { was, is }] of placed) await changes.add(productId, differenceOf(page.tree, was, is));
  await addRearranged(page.tree, placed, changes, db);
  await changes.write();
  const newStatus = [...page.products.patched].flatMap(([id, { values }]) => ('status' in values ? [id] : []));
  if (newStatus.length === 0) return;
  await db.query(
    'standing-status',
    `update {schema}.standing s set status = p.status from {schema}.products p
     where s.product_id = any($1::integer[]) and p.product_id = s.product_id`,
    [newStatus],
  );
}

function differenceOf({ before, forest }: LiveTree, was: readonly number[], is: readonly number[]): Difference {
  const lost = new Set(before.above(was).map(({ id }) => id));
  const gained = forest.above(is).flatMap(({ id }) => (lost.delete(id) ? [] : [id]));
  return { gained, lost: [...lost] };
}

/** Products without an event of their own, where the tree is another one. */
async function addRearranged(
  tree: LiveTree,
  placed: ReadonlyMap<number, Placed>,
  changes: StandingChanges,
  db: live.ProjectionDb,
): Promise<void> {
  if (tree.rearranged.length === 0) return;
  const known = new Map<string, Difference>();
  const standing = db.each<{ product_id: number; cats: string }>(
    `select s.product_id, array_to_string(p.cat_ids, ',') as cats
     from {schema}.standing s join {schema}.products p on p.product_id = s.product_id
     where s.cat_id = any($1::integer[])`,
    [tree.rearranged],
  );
  for await (const rows of standing) {
    for (const { product_id, cats } of rows) {
      if (placed.has(product_id)) continue;
      let difference = known.get(cats);
      if (!difference) {
        const catIds = cats.split(',').map(Number);
        if (known.size >= KEPT) known.clear();
        known.set(cats, (difference = differenceOf(tree, catIds, catIds)));
      }
      await changes.add(product_id, difference);
    }
  }
}

/** Rows that are new and rows that go, written a chunk at a time; the same row twice does no harm. */
class StandingChanges {
  #gained: [productId: number, catId: number][] = [];
  #lost: [productId: number, catId: number][] = [];

  constructor(readonly db: live.ProjectionDb) {}

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
        'standing-leave',
        `delete from {schema}.standing s using unnest($1::integer[], $2::integer[]) as lost (product_id, cat_id)
         where s.product_id = lost.product_id and s.cat_id = lost.cat_id`,
        [lost.map(([productId]) => productId), lost.map(([, catId]) => catId)],
      );
    }
    if (gained.length > 0) {
      await this.db.query(
        'standing-join',
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
