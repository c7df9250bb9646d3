/** The tree of a live page: read once, kept from page to page, and compared with what it was before the page. */
import type { live } from '../../src/engine/index.js';
import { Forest } from './forest.js';
import type { Step, Tree } from './tree.js';

/** The tree on a live page of a read model that needs no more of a category than where it stands. */
export class LiveTree implements Tree {
  /** Categories that were added, moved or removed. */
  readonly changed = new Set<number>();

  constructor(
    /** Kept from page to page. */
    readonly forest: Forest<null>,
    /** The tree before the page, as far as products stand elsewhere in it. */
    readonly before: Forest<unknown>,
    /** Categories whose products may stand below others after the page, for the tree is another one. */
    readonly rearranged: readonly number[],
  ) {}

  add(_step: Step, id: number, parent: number | null): void {
    this.forest.add(id, parent, null);
    this.changed.add(id);
  }

  move(_step: Step, id: number, parent: number | null): void {
    this.forest.move(id, parent);
    this.changed.add(id);
  }

  remove(_step: Step, id: number): void {
    this.forest.remove(id);
    this.changed.add(id);
  }
}

/** Brings the table of categories to what the page made of the tree. @param model whose statements these are */
export async function writeTree(model: string, { forest, changed }: LiveTree, db: live.ProjectionDb): Promise<void> {
  const ids = [...changed].sort((a, b) => a - b);
  const removed = ids.filter((id) => !forest.get(id));
  const written = ids.flatMap((id) => forest.get(id) ?? []);
  if (removed.length > 0) {
    await db.query(`${model}-remove`, 'delete from {schema}.categories where cat_id = any($1::int[])', [removed]);
  }
  if (written.length === 0) return;
  await db.query(
    `${model}-categories`,
    `insert into {schema}.categories (cat_id, parent_cat_id) select * from unnest($1::int[], $2::int[])
     on conflict (cat_id) do update set parent_cat_id = excluded.parent_cat_id`,
    [written.map(({ id }) => id), written.map(({ parent }) => parent?.id ?? null)],
  );
}

/** A read model with tables `categories` and `products`, the latter with an index of `cat_ids`. */
interface Model<Row, Value> {
  readonly name: string;
  /** Of the table of categories, beside the id and the parent. */
  readonly columns: readonly string[];
  readonly valueOf: (row: Row) => Value;
}

/** @returns the tree as the rows have it, or as earlier pages of this process have left it */
export async function cachedForest<Row extends object, Value>(
  { name, columns, valueOf }: Model<Row, Value>,
  db: live.ProjectionDb,
  cache: live.ProjectionCache,
): Promise<Forest<Value>> {
  const known = cache.get('forest') as Forest<Value> | undefined;
  if (known) return known;
  const selected = ['cat_id as id', 'parent_cat_id as parent', ...columns].join(', ');
  const rows = await db.query<Row & { readonly id: number; readonly parent: number | null }>(
    `${name}-tree`,
    `select ${selected} from {schema}.categories`,
  );
  const forest = Forest.of(rows.map((row) => ({ id: row.id, parentId: row.parent, value: valueOf(row) })));
  cache.set('forest', forest);
  return forest;
}

export interface Rearranged {
  /** The tree before the page, as far as products stand elsewhere in it. */
  readonly before: Forest<unknown>;
  /** Categories whose products may count elsewhere after the page. */
  readonly rearranged: readonly number[];
}

/**
 * A product can come to stand elsewhere by its own events, and by those of a category that it stands in or below. What is below a
 * category at any moment of the page is below one of the page's categories now, or is one of them.
 * @param categories that the page adds, moves or removes
 */
export async function beforePage(
  model: string,
  forest: Forest<unknown>,
  categories: Iterable<number>,
  db: live.ProjectionDb,
): Promise<Rearranged> {
  const named = [...categories];
  const below = [...new Set([...forest.below(named).map(({ id }) => id), ...named])];
  const isMoved = await areFilled(model, below, db);
  return isMoved ? { before: forest.shape(), rearranged: below } : { before: forest, rearranged: [] };
}

/** Whether a product stands in one of them: one look-up for each, so the index must have nothing that waits to enter it. */
async function areFilled(model: string, catIds: readonly number[], db: live.ProjectionDb): Promise<boolean> {
  if (catIds.length === 0) return false;
  await db.query(`${model}-clean`, `select gin_clean_pending_list('{schema}.products_cat_ids')`);
  const rows = await db.query(
    `${model}-filled`,
    `select from unnest($1::int[]) as wanted (cat_id)
     join {schema}.products p on p.cat_ids @> array[wanted.cat_id] limit 1`,
    [catIds],
  );
  return rows.length > 0;
}
