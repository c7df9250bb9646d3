import { later } from './business-time.js';
import { Refusal, WrongExpectedRevision } from './errors.js';
import type { EventTypes } from './event-type.js';
import type { EventStore, Position } from './event-store.js';
import { type HistoryEvent, historyEvent } from './history.js';
import type { Envelope, Fact, RecordedEvent } from './message.js';
import { type CommandContext, empty, type Loaded, StreamAccess, type StreamBinding } from './stream-access.js';
import { StreamTurns, type Turn, type TurnBounds } from './stream-turns.js';
import type { Vault } from './vault.js';

export interface Outcome<State> {
  readonly state: State;
  readonly revision: number;
  /** Of the command's last event; where it recorded nothing, of the stream's last. */
  readonly position: Position;
  /** How many events this call appended. */
  readonly appended: number;
  /** The command had been carried out before, under the same command id. */
  readonly replayed: boolean;
}

export interface ExecuteOptions<State> {
  /** The id was drawn a moment ago, so there is no stream: nothing is loaded. */
  readonly isNew?: boolean;
  /** Runs before the decision, on the loaded state: preconditions such as If-Match. */
  readonly guard?: (state: State, revision: number) => void;
  /**
   * Runs before each append, which will be at this revision or not at all: what must be so by then, such as a claim that names the
   * revision. Does not run where the command changes nothing.
   */
  readonly beforeAppend?: (revision: number, state: State) => Promise<void>;
  /** How often a lost race is loaded and decided again, the first time included; three times if left out. */
  readonly tries?: number;
  /** Another way to load (a cache). */
  readonly load?: () => Promise<Loaded<State>>;
}

const TRIES = 3;

export class CommandHandler {
  readonly #streams: StreamAccess;
  readonly #turns: StreamTurns;

  constructor(
    readonly store: EventStore,
    readonly vault: Vault,
    bounds: Partial<TurnBounds> = {},
  ) {
    this.#streams = new StreamAccess(store, vault);
    this.#turns = new StreamTurns(bounds);
  }

  /**
   * Loads, decides, appends. Commands of this process on one stream take turns; a race that another process won is loaded and decided
   * again. What this process has written itself is not read for it, unless it comes to no append: only an append proves that nobody
   * else was there since.
   * @param command may be lazy: it is then made once it is known that it has not been carried out already, and not in a turn
   * @throws Refusal, EventStoreUnavailable
   */
  async execute<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    command: Command | (() => Promise<Command>),
    context: CommandContext,
    options: ExecuteOptions<State> = {},
  ): Promise<Outcome<State>> {
    const turn = this.#turns.of(binding.name(id), context.isCallerGone);
    try {
      return await this.#inTurns(turn, binding, id, command, context, options);
    } finally {
      turn.end();
    }
  }

  async #inTurns<State, Command, F extends Fact>(
    turn: Turn,
    binding: StreamBinding<State, Command, F>,
    id: string,
    command: Command | (() => Promise<Command>),
    context: CommandContext,
    options: ExecuteOptions<State>,
  ): Promise<Outcome<State>> {
    const { guard, isNew = false, beforeAppend, tries = TRIES } = options;
    const load = options.load ?? (() => this.load(binding, id));
    const mayKnow = !isNew && !options.load && !beforeAppend;
    let made: { readonly command: Command } | null = isLazy(command) ? null : { command };
    let lost = 0;
    for (let round = 0; ; round++) {
      // 1. What is so. What this process has written itself costs no read, but others may have been there since. Where the id was drawn
      // a moment ago, nobody else waits for a turn.
      const isUnread = isNew && lost === 0;
      if (!isUnread) await turn.take();
      const recent = mayKnow && round === 0 ? await this.#streams.loadRecent(binding, id) : null;
      const mayBeBehind = recent !== null;
      const loaded = recent ?? (isUnread ? empty(binding.decider.initialState) : await load());
      // 2. Has this very command been carried out already?
      const replay = await this.#replayed(binding, id, loaded, context);
      if (replay) return replay;
      // 3. Preconditions, then the rules.
      let facts: readonly F[];
      try {
        guard?.(loaded.state, loaded.revision);
        if (made === null) {
          // It may wait for a read model. Others go first, and what they append is read.
          turn.end();
          made = { command: await (command as () => Promise<Command>)() };
          continue;
        }
        facts = decideOn(binding, loaded, made.command);
      } catch (error) {
        if (mayBeBehind && error instanceof Refusal) continue;
        throw error;
      }
      if (facts.length === 0) {
        if (mayBeBehind) continue;
        return outcomeOf(loaded, 0, false);
      }
      // 4. Append where the state was read; another process was first: once more from the start.
      await beforeAppend?.(loaded.revision + 1, loaded.state);
      try {
        const after = await this.#streams.append(binding, id, loaded, facts, context);
        return outcomeOf(after, facts.length, false);
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
        if (!mayBeBehind) lost += 1;
        if (lost === tries) {
          throw new Refusal('revision-conflict', `Others changed ${binding.name(id)} ${tries} times meanwhile.`);
        }
      }
    }
  }

  /** The stream's state; the initial state if there is no stream. */
  load<State, Command, F extends Fact>(binding: StreamBinding<State, Command, F>, id: string): Promise<Loaded<State>> {
    return this.#streams.load(binding, id);
  }

  /** The state as it was at a position of the log. */
  loadAt<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    position: Position,
  ): Promise<Loaded<State>> {
    return this.#streams.loadAt(binding, id, position);
  }

  /** A recorded event in the clear. @throws UnreadableEvent */
  open<F extends Fact>(recorded: RecordedEvent, types: EventTypes): Promise<Envelope<F>> {
    return this.#streams.open(recorded, types);
  }

  /** The same as a history shows it: one that can't be read is as it is stored, and marked. */
  history(recorded: RecordedEvent, types: EventTypes): Promise<HistoryEvent> {
    return historyEvent(this.#streams, recorded, types);
  }

  /**
   * The outcome of this very command if it has been carried out already: the state up to its own last event.
   * @throws Refusal idempotency-mismatch when the key was used for something else
   */
  async #replayed<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    loaded: Loaded<State>,
    context: CommandContext,
  ): Promise<Outcome<State> | null> {
    const trace = loaded.commands.get(context.commandId);
    if (!trace) return null;
    if (trace.fingerprint !== context.fingerprint) {
      throw new Refusal('idempotency-mismatch', 'The idempotency key was used for another request.');
    }
    const then = trace.revision === loaded.revision ? loaded : await this.#streams.load(binding, id, trace.revision);
    return outcomeOf(then, 0, true);
  }
}

/**
 * What the decider says, at a time that is not before the stream's latest: a clock that was set back must not make an order
 * paid before it was placed. Times that an import gives are kept.
 */
export function decideOn<State, Command, F extends Fact>(
  { decider }: StreamBinding<State, Command, F>,
  { state, latest }: Loaded<State>,
  command: Command,
): readonly F[] {
  const { at } = command as { readonly at?: string };
  return decider.decide(state, at === undefined ? command : { ...command, at: later(latest, at) });
}

function isLazy<Command>(command: Command | (() => Promise<Command>)): command is () => Promise<Command> {
  return typeof command === 'function';
}

function outcomeOf<State>(
  { state, revision, position }: Pick<Outcome<State>, 'state' | 'revision' | 'position'>,
  appended: number,
  replayed: boolean,
): Outcome<State> {
  return { state, revision, position, appended, replayed };
}
