import { type StreamBinding, streamName } from '../engine/index.js';
import type { CategoryCommand } from './commands.js';
import { categoryDecider, type Tree } from './decider.js';
import { categoryEvents, type CategoryFact } from './events.js';

/** There is one tree. */
export const TREE_ID = 'main';

export const categoryStream: StreamBinding<Tree, CategoryCommand, CategoryFact> = {
  name: (id) => streamName('categoryTree', id),
  types: categoryEvents,
  decider: categoryDecider,
};
