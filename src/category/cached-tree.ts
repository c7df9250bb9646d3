import { CachedStream, type CommandHandler } from '../engine/index.js';
import type { CategoryCommand } from './commands.js';
import type { Tree } from './decider.js';
import type { CategoryFact } from './events.js';
import { categoryStream, TREE_ID } from './stream.js';

/** The tree of categories: one stream that most commands need. */
export class CachedTree extends CachedStream<Tree, CategoryCommand, CategoryFact> {
  constructor(handler: CommandHandler) {
    super(handler, categoryStream, TREE_ID);
  }
}
