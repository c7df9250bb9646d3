import type { live } from '../../src/engine/index.js';
import { treeBulk, type TreeChunk } from '../forest/bulk-forest.js';
import type { Forest } from '../forest/forest.js';
import { cachedForest, LiveTree, writeTree } from '../forest/live-forest.js';

const TREE = { name: 'products', columns: [], valueOf: (): null => null };

export const categories: live.PagePart<LiveTree, TreeChunk> = {
  tables: ['categories'],
  ddl: `
    create table {schema}.categories (
      cat_id integer not null,
      parent_cat_id integer
    );
  `,
  indexes: 'alter table {schema}.categories add primary key (cat_id);',
  async open(events, db, cache): Promise<LiveTree> {
    const forest = await cachedForest(TREE, db, cache);
    const rearranged = await filled(uppermost(forest, events), db);
    return new LiveTree(forest, rearranged.length > 0 ? forest.shape() : forest, rearranged);
  },
  flush: (tree, db) => writeTree('products', tree, db),
  bulk: {
    ...treeBulk,
    finish: [
      ...treeBulk.finish,
      'insert into {schema}.categories (cat_id, parent_cat_id) select id, parent from {staging}.forest',
    ],
  },
};

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
