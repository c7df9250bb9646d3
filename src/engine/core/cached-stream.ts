import type { CommandHandler, ExecuteOptions, Outcome } from './command-handler.js';
import type { Fact } from './message.js';
import { type CommandContext, empty, type Loaded, StreamAccess, type StreamBinding } from './stream-access.js';

/**
 * A stream that is folded once and kept; every use reads on from the revision that it has. An append names the revision it was
 * decided on, so what another process did meanwhile costs a retry and never a wrong state.
 */
export class CachedStream<State, Command, F extends Fact> {
  readonly #streams: StreamAccess;
  #cached: Loaded<State>;
  #running: Promise<Loaded<State>> | null = null;
  #next: Promise<Loaded<State>> | null = null;

  constructor(
    private readonly handler: CommandHandler,
    private readonly binding: StreamBinding<State, Command, F>,
    private readonly id: string,
  ) {
    this.#streams = new StreamAccess(handler.store, handler.vault);
    this.#cached = empty(binding.decider.initialState);
  }

  /** The state with everything recorded before the call. Calls at once share a read that starts after all of them. */
  current(): Promise<Loaded<State>> {
    if (!this.#running) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  /** @param command may be lazy: it is then made after the guard has passed */
  execute(
    command: Command | (() => Promise<Command>),
    context: CommandContext,
    guard?: ExecuteOptions<State>['guard'],
  ): Promise<Outcome<State>> {
    return this.handler.execute(this.binding, this.id, command, context, {
      load: () => this.current(),
      ...(guard && { guard }),
    });
  }

  #start(): Promise<Loaded<State>> {
    this.#next = null;
    this.#running = this.#streams
      .loadFrom(this.binding, this.id, this.#cached)
      .then((loaded) => (this.#cached = loaded))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }
}
