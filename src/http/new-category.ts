/** Lists by a category that their read model does not know yet: the stream is asked before a 404. */
import { type Freshness, type Position, Refusal } from '../engine/index.js';

/** The position at which a category that is there was added, from its stream; null if there is none. */
export type AddedAt = (catId: number) => Promise<Position | null>;

interface AskedList {
  readonly catId: number | undefined;
  readonly freshness: Freshness;
}

/**
 * @param list what the read model answers
 * @param empty the answer as of the position at which the category was added: nothing stood in it
 * @throws Refusal category-not-found, and what `list` throws
 */
export async function orEmpty<List>(
  addedAt: AddedAt,
  { catId, freshness }: AskedList,
  list: () => Promise<List>,
  empty: (position: Position) => List,
): Promise<List> {
  try {
    return await list();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'category-not-found') throw error;
    // As of a position, the read model knows all that was there.
    const position = catId === undefined || freshness.at !== undefined ? null : await addedAt(catId);
    if (position === null) throw error;
    return empty(position);
  }
}
