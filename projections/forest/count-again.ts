import type { bulk } from '../../src/engine/index.js';

/** Things of one kind that stand in the same categories. */
export interface Alike {
  readonly places: readonly number[];
  readonly kind: string;
  readonly things: number;
}

/**
 * Counts again how many things stand in each category or below it: from each category that a thing stands in up to the root,
 * step by step, and a category that was met already for this thing ends the walk. Of the tree it knows the final rows alone.
 * @param columns of the table of categories, which are the kinds of things
 * @param alike things that stand in the same places; read after the tree
 */
export async function countAgain(
  read: bulk.ReadRows,
  columns: readonly string[],
  alike: AsyncIterable<readonly Alike[]>,
): Promise<bulk.Miscounted[]> {
  const tree = await treeOf(read, columns);
  const counted = columns.map(() => new Float64Array(tree.ids.length));
  // Plain arrays: a walk up a deep tree is a step for each level and thing.
  const met = new Uint32Array(tree.ids.length);
  let thing = 0;
  for await (const rows of alike) {
    for (const { places, kind, things } of rows) {
      const counts = counted[columns.indexOf(kind)];
      if (!counts) continue;
      thing += 1;
      for (const id of places) {
        // A category that was removed is not there, and ends the walk.
        let at = tree.indexOf.get(id) ?? NOWHERE;
        while (at !== NOWHERE && met[at] !== thing) {
          met[at] = thing;
          counts[at] = (counts[at] ?? 0) + things;
          at = tree.parents[at] ?? NOWHERE;
        }
      }
    }
  }
  return tree.ids.flatMap((id, at) =>
    columns.flatMap((column, i) => {
      const [found, recounted] = [String(tree.found[i]?.[at]), String(counted[i]?.[at])];
      return found === recounted ? [] : [{ table: 'categories', key: String(id), column, found, recounted }];
    }),
  );
}

const NOWHERE = -1;

interface Tree {
  readonly ids: readonly number[];
  readonly indexOf: ReadonlyMap<number, number>;
  /** By index. */
  readonly parents: Int32Array;
  /** As the rows have them, by column and index. */
  readonly found: readonly (readonly number[])[];
}

async function treeOf(read: bulk.ReadRows, columns: readonly string[]): Promise<Tree> {
  const ids: number[] = [];
  const above: (number | null)[] = [];
  const found: number[][] = columns.map(() => []);
  const text = `select cat_id, parent_cat_id, array[${columns.join(', ')}] as counts from {schema}.categories`;
  for await (const rows of read<{ cat_id: number; parent_cat_id: number | null; counts: number[] }>(text)) {
    for (const { cat_id, parent_cat_id, counts } of rows) {
      ids.push(cat_id);
      above.push(parent_cat_id);
      for (const [i, count] of counts.entries()) found[i]?.push(count);
    }
  }
  const indexOf = new Map(ids.map((id, at) => [id, at]));
  const parents = Int32Array.from(above, (id) => (id === null ? NOWHERE : (indexOf.get(id) ?? NOWHERE)));
  return { ids, indexOf, parents, found };
}
