import { Forest } from '../forest/forest.js';
import type { ProjectedEvent, ProjectionCache, ProjectionDb } from '../../src/engine/projecting/projection.js';

export async function cachedForest(db: ProjectionDb, cache: ProjectionCache): Promise<Forest<null>> {
  const known = cache.get('forest') as Forest<null> | undefined;
  if (known) return known;
  const rows = await db.query<{ id: number; parent: number | null }>(
    'products-tree',
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
export function uppermost(forest: Forest<null>, events: readonly ProjectedEvent[]): number[] {
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
export async function filled(catIds: readonly number[], db: ProjectionDb): Promise<number[]> {
  if (catIds.length === 0) return [];
  const rows = await db.query<{ cat_id: number }>(
    'products-filled',
    `select wanted.cat_id from unnest($1::integer[]) as wanted (cat_id)
     where exists (select from {schema}.standing s where s.cat_id = wanted.cat_id)`,
    [catIds],
  );
  return rows.map(({ cat_id }) => cat_id);
}
