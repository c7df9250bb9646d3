import type { live } from '../../src/engine/index.js';
import { treeBulk, type TreeChunk } from '../forest/bulk-forest.js';
import { Forest } from '../forest/forest.js';
import type { Step, Tree } from '../forest/tree.js';

/** The tree on a live page. */
export class Categories implements Tree {
  /** Those that were added, moved or removed. */
  readonly changed = new Set<number>();

  constructor(
    /** Kept from page to page. */
    readonly forest: Forest<null>,
    /** The tree before the page, as far as products stand elsewhere in it. */
    readonly before: Forest<null>,
    /** Categories that are moved or removed with products in them or below, but for those below another of them. */
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

export const categories: live.PagePart<Categories, TreeChunk> = {
  tables: ['categories'],
  ddl: `
    create table {schema}.categories (
      cat_id integer not null,
      parent_cat_id integer
    );
  `,
  indexes: 'alter table {schema}.categories add primary key (cat_id);',
  async open(events, db, cache): Promise<Categories> {
    const forest = await cachedForest(db, cache);
    const rearranged = await filled(uppermost(forest, events), db);
    return new Categories(forest, rearranged.length > 0 ? forest.shape() : forest, rearranged);
  },
  flush: write,
  bulk: {
    ...treeBulk,
    finish: [
      ...treeBulk.finish,
      'insert into {schema}.categories (cat_id, parent_cat_id) select id, parent from {staging}.forest',
    ],
  },
};

async function write({ forest, changed }: Categories, db: live.ProjectionDb): Promise<void> {
  const written = [...changed].flatMap((id) => forest.get(id) ?? []);
  const removed = [...changed].filter((id) => !forest.get(id));
  if (removed.length > 0) {
    await db.query('categories-remove', 'delete from {schema}.categories where cat_id = any($1::integer[])', [removed]);
  }
  if (written.length > 0) {
    await db.query(
      'categories-write',
      `insert into {schema}.categories (cat_id, parent_cat_id) select * from unnest($1::integer[], $2::integer[])
       on conflict (cat_id) do update set parent_cat_id = excluded.parent_cat_id`,
      [written.map(({ id }) => id), written.map(({ parent }) => parent?.id ?? null)],
    );
  }
}

async function cachedForest(db: live.ProjectionDb, cache: live.ProjectionCache): Promise<Forest<null>> {
  const known = cache.get('forest') as Forest<null> | undefined;
  if (known) return known;
  const rows = await db.query<{ id: number; parent: number | null }>(
    'categories-all',
    'select cat_id as id, parent_cat_id as parent from {schema}.categories',
  );
  const forest = Forest.of(rows.map(({ id, parent }) => ({ id, parentId: parent, value: null })));
  cache.set('forest', forest);
  return forest;
}

/**
 * Of the categories that the events move or remove, those that are below no other of them: all products that come to stand
 * elsewhere with the tree stand in one of them or below. A category that is new has no products yet.
 */
function uppermost(forest: Forest<null>, events: readonly live.ProjectedEvent[]): number[] {
  const rearranged = new Set<number>();
  for (const { type, data } of events) {
    if (type === 'CategoryMoved' || type === 'CategoryRemoved') rearranged.add((data as { cat_id: number }).cat_id);
  }
  const isBelowAnother = (id: number): boolean => {
    for (let up = forest.get(id)?.parent; up; up = up.parent) if (rearranged.has(up.id)) return true;
    return false;
  };
  return [...rearranged].filter((id) => !isBelowAnother(id));
}

/** Those that any product stands in or below. */
async function filled(catIds: readonly number[], db: live.ProjectionDb): Promise<number[]> {
  if (catIds.length === 0) return [];
  const rows = await db.query<{ cat_id: number }>(
    'categories-filled',
    `select wanted.cat_id from unnest($1::integer[]) as wanted (cat_id)
     where exists (select from {schema}.standing s where s.cat_id = wanted.cat_id)`,
    [catIds],
  );
  return rows.map(({ cat_id }) => cat_id);
}
