import type { CommandHandler, EventStore, Position } from '../engine/index.js';
import type { CategoryAnswer } from './answer.js';
import type { CachedTree } from './cached-tree.js';
import type { CategoryFact } from './events.js';
import { categoryStream, TREE_ID } from './stream.js';

export interface CategoryStreamDeps {
  readonly tree: CachedTree;
  readonly store: Pick<EventStore, 'read'>;
  readonly handler: CommandHandler;
}

/**
 * A category that the read model does not know yet, as it was when it was added: there no product had come to it and no order,
 * so this is true for the position of that event, whatever has happened since.
 */
export async function categoryFromStream(
  { tree, store, handler }: CategoryStreamDeps,
  catId: number,
): Promise<{ position: Position; category: CategoryAnswer } | null> {
  const known = (await tree.current()).state.categories.get(catId);
  if (!known) return null;
  for await (const recorded of store.read(categoryStream.name(TREE_ID), { from: known.added, limit: 1 })) {
    const { data, position, revision } = await handler.open<CategoryFact>(recorded, categoryStream.types);
    if (!('name' in data && 'code' in data)) continue;
    const { cat_id, code, name, parent_cat_id } = data;
    return { position, category: { cat_id, code, name, parent_cat_id, total_products: 0, revision } };
  }
  return null;
}
