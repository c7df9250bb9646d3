import {
  type CommandContext,
  type CommandHandler,
  empty,
  type ExecuteOptions,
  type Loaded,
  type Outcome,
} from '../engine/index.js';
import type { CategoryCommand } from './commands.js';
import type { Tree } from './decider.js';
import { categoryStream, TREE_ID } from './stream.js';

/**
 * The tree, folded once and kept; every use reads on from the revision it has. An append names the revision it was
 * decided on, so what another process did meanwhile costs a retry and never a wrong tree.
 */
export class CachedTree {
  #cached: Loaded<Tree> = empty(categoryStream.decider.initialState);
  #running: Promise<Loaded<Tree>> | null = null;
  #next: Promise<Loaded<Tree>> | null = null;

  constructor(private readonly handler: CommandHandler) {}

  /** The tree with everything recorded before the call. Calls at once share a read that starts after all of them. */
  current(): Promise<Loaded<Tree>> {
    if (!this.#running) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  execute(
    command: CategoryCommand,
    context: CommandContext,
    guard?: ExecuteOptions<Tree>['guard'],
  ): Promise<Outcome<Tree>> {
    return this.handler.execute(categoryStream, TREE_ID, command, context, {
      load: () => this.current(),
      ...(guard && { guard }),
    });
  }

  #start(): Promise<Loaded<Tree>> {
    this.#next = null;
    this.#running = this.handler
      .loadFrom(categoryStream, TREE_ID, this.#cached)
      .then((loaded) => (this.#cached = loaded))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }
}
