/**
 * A stream that many commands want at the same moment. Commands that wait are decided together, one after the other on one state,
 * and what they decide goes to the log in one append; each has its own outcome. So the rate of one stream is not bounded by one
 * command an append.
 *
 * The state is folded once and kept. It may be behind what other processes appended: an append names the revision that it was
 * decided on, and on a conflict the stream is read on and everything is decided again. Only an append proves that the state was
 * right: what is refused or changes nothing is told to its caller only after a read that began after the caller came.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandHandler, Outcome } from '../core/command-handler.js';
import { Refusal, StreamNotFound, WrongExpectedRevision } from '../core/errors.js';
import { type Position, START } from '../core/event-store.js';
import type { Envelope, EventMetadata, Fact, NewEvent } from '../core/message.js';
import { type CommandContext, expectation, StreamAccess, type StreamBinding } from '../core/stream-access.js';
import type { Snapshots, Standing } from './snapshots.js';

/** Most commands of one append, and most that may wait. */
const MOST = 256;
const MOST_WAITING = 4_096;
/** How often a lost race is decided again; the pauses before that grow up to so many steps. */
const TRIES = 25;
const PAUSE_MS = 4;
const LONGEST_PAUSE = 8;

export interface HotOptions<State> {
  /** Runs before the decision: preconditions such as If-Match. */
  readonly guard?: (state: State, revision: number) => void;
  /** The outcome of this very command, if the state says that it was carried out before. */
  readonly replayed?: (state: State) => Outcome<State> | null;
}

interface Waiting<State, Command> {
  readonly command: Command;
  readonly context: CommandContext;
  readonly options: HotOptions<State>;
  readonly resolve: (outcome: Outcome<State>) => void;
  readonly reject: (error: unknown) => void;
}

/** What one command comes to on a state: facts, none, or an error. */
interface Decided<State, F extends Fact> {
  readonly envelopes: readonly Envelope<F>[];
  readonly events: readonly NewEvent[];
  /** What was carried out before, under the same command id. */
  readonly replayed: Outcome<State> | null;
  /** Null where it is no refusal. */
  readonly error: { readonly cause: unknown } | null;
  /** After it, and after those before it. */
  readonly after: Standing<State>;
}

/** Those whose caller waits for the outcome. The others are refused and not carried out. */
function stillWanted<State, Command>(waiting: readonly Waiting<State, Command>[]): Waiting<State, Command>[] {
  return waiting.filter(({ context, reject }) => {
    if (context.isCallerGone?.() !== true) return true;
    reject(new Refusal('overloaded', 'The caller left while the command waited.'));
    return false;
  });
}

export class HotStream<State, Command, F extends Fact> {
  readonly #streams: StreamAccess;
  readonly #name: string;
  #waiting: Waiting<State, Command>[] = [];
  #standing: Standing<State> | null = null;
  #working: Promise<void> | null = null;
  /** Revision of the last snapshot. */
  #savedAt = -1;

  constructor(
    private readonly handler: Pick<CommandHandler, 'store' | 'vault'>,
    private readonly binding: StreamBinding<State, Command, F>,
    id: string,
    private readonly snapshots: Snapshots<State> | null,
  ) {
    this.#streams = new StreamAccess(handler.store, handler.vault);
    this.#name = binding.name(id);
  }

  /** Whether nothing is under way, so that the stream can be forgotten. */
  get isIdle(): boolean {
    return this.#working === null;
  }

  /**
   * Carries a command out, together with those that wait at the same moment.
   * @throws Refusal, EventStoreUnavailable
   */
  execute(command: Command, context: CommandContext, options: HotOptions<State> = {}): Promise<Outcome<State>> {
    if (this.#waiting.length >= MOST_WAITING) this.#waiting = stillWanted(this.#waiting);
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(new Refusal('overloaded', `Too many commands wait for ${this.#name}. Try again.`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, context, options, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** The state with everything that was recorded before the call. */
  async current(): Promise<Standing<State>> {
    return this.#keep(await this.#readOn());
  }

  async #work(): Promise<void> {
    // Commands of the same turn of the event loop go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = stillWanted(this.#waiting.splice(0, MOST));
      if (group.length === 0) continue;
      await this.#carryOut(group).catch((error: unknown) => {
        for (const { reject } of group) reject(error);
      });
    }
    this.#working = null;
  }

  async #carryOut(group: readonly Waiting<State, Command>[]): Promise<void> {
    let standing = this.#standing ?? (await this.current());
    let isFresh = false;
    for (let attempt = 1; ; attempt++) {
      if (attempt > 1) {
        // Others were first. A pause of its own length keeps processes from meeting again and again.
        if (attempt > 2) await sleep(Math.random() * PAUSE_MS * Math.min(attempt, LONGEST_PAUSE));
        standing = await this.current();
        isFresh = true;
      }
      let decided = await this.#decideAll(group, standing);
      if (!isFresh && decided.some(({ events }) => events.length === 0)) {
        standing = await this.current();
        isFresh = true;
        decided = await this.#decideAll(group, standing);
      }
      const hasWon = await this.#append(group, standing, decided);
      if (hasWon || attempt === TRIES) {
        this.#tell(group, decided, hasWon);
        return;
      }
    }
  }

  /** @returns false if others were first */
  async #append(
    group: readonly Waiting<State, Command>[],
    standing: Standing<State>,
    decided: Decided<State, F>[],
  ): Promise<boolean> {
    const events = decided.flatMap((one) => one.events);
    if (events.length === 0) return true;
    const derivedIds = group.some(({ context }) => context.keyed);
    try {
      const result = await this.handler.store.append(this.#name, events, expectation(standing.revision), {
        derivedIds,
      });
      // An earlier attempt of keyed commands was first: what it recorded is to be read.
      if (result.repeated && derivedIds) return false;
      let last = standing;
      decided.forEach((one, i) => {
        last = this.#evolve(last, one.envelopes, result.position);
        decided[i] = { ...one, after: last };
      });
      this.#keep(last);
      return true;
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return false;
      throw error;
    }
  }

  #tell(group: readonly Waiting<State, Command>[], decided: readonly Decided<State, F>[], hasWon: boolean): void {
    decided.forEach(({ envelopes, replayed, error, after }, i) => {
      const { resolve, reject } = group[i] as Waiting<State, Command>;
      const { state, revision, position } = after;
      if (error) reject(error.cause);
      else if (replayed) resolve(replayed);
      else if (hasWon || envelopes.length === 0) {
        resolve({ state, revision, position, appended: envelopes.length, replayed: false });
      } else reject(new Refusal('revision-conflict', `Others changed ${this.#name} ${TRIES} times meanwhile.`));
    });
  }

  async #decideAll(group: readonly Waiting<State, Command>[], from: Standing<State>): Promise<Decided<State, F>[]> {
    const all: Decided<State, F>[] = [];
    let standing = from;
    for (const one of group) {
      const decided = await this.#decide(one, standing);
      standing = decided.after;
      all.push(decided);
    }
    return all;
  }

  async #decide(
    { command, context, options }: Waiting<State, Command>,
    standing: Standing<State>,
  ): Promise<Decided<State, F>> {
    const nothing = { envelopes: [], events: [], replayed: null, error: null, after: standing };
    try {
      const replayed = options.replayed?.(standing.state);
      if (replayed) return { ...nothing, replayed };
      options.guard?.(standing.state, standing.revision);
      const envelopes: Envelope<F>[] = [];
      const events: NewEvent[] = [];
      for (const fact of this.binding.decider.decide(standing.state, command)) {
        const revision = standing.revision + 1 + events.length;
        const id = context.eventId(this.#name, revision);
        const event = await this.#streams.seal(this.#name, id, fact, this.binding.types, context);
        const metadata = event.metadata as unknown as EventMetadata;
        const { position } = standing;
        events.push(event);
        envelopes.push({ ...fact, id, stream: this.#name, revision, position, recordedAt: context.now, metadata });
      }
      return { ...nothing, envelopes, events, after: this.#evolve(standing, envelopes, standing.position) };
    } catch (cause) {
      return { ...nothing, error: { cause } };
    }
  }

  /** @param position of the append; nothing of others stands between its events */
  #evolve(from: Standing<State>, envelopes: readonly Envelope<F>[], position: Position): Standing<State> {
    return envelopes.reduce<Standing<State>>(
      ({ state }, envelope) => ({
        state: this.binding.decider.evolve(state, { ...envelope, position }),
        revision: envelope.revision,
        position,
        eventId: envelope.id,
      }),
      from,
    );
  }

  /** Reads on from what is known. What the log does not hold, because it was replaced or the snapshot is damaged, is dropped. */
  async #readOn(): Promise<Standing<State>> {
    const known = this.#standing ?? (await this.snapshots?.load(this.#name)) ?? null;
    if (known && this.#standing === null) this.#savedAt = known.revision;
    const initial = { state: this.binding.decider.initialState, revision: -1, position: START, eventId: null };
    const continued = known && (await this.#readFrom(known));
    if (continued) return continued;
    this.#standing = null;
    return (await this.#readFrom(initial)) as Standing<State>;
  }

  /** @returns null if the log does not hold the event that the state is true for */
  async #readFrom(known: Standing<State>): Promise<Standing<State> | null> {
    let { state, revision, position, eventId } = known;
    let isHeld = revision < 0;
    try {
      for await (const recorded of this.handler.store.read(this.#name, { from: Math.max(revision, 0) })) {
        if (!isHeld) {
          if (recorded.revision !== revision || recorded.id !== eventId) return null;
          isHeld = true;
          continue;
        }
        const event = await this.#streams.open<F>(recorded, this.binding.types);
        state = this.binding.decider.evolve(state, event);
        ({ revision, position, id: eventId } = event);
      }
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return isHeld ? { state, revision, position, eventId } : null;
  }

  #keep(standing: Standing<State>): Standing<State> {
    // A read that was overtaken by an append of this process is behind what is known.
    if (this.#standing === null || standing.revision >= this.#standing.revision || standing.eventId === null) {
      this.#standing = standing;
    }
    if (this.snapshots?.isDue(standing.state, standing.revision, this.#savedAt)) {
      this.#savedAt = standing.revision;
      this.snapshots.save(this.#name, standing);
    }
    return standing;
  }
}
