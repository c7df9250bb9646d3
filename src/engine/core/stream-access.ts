/** Streams read into states and facts appended to them, with personal fields opened and sealed on the way. */
import { latestOf } from './business-time.js';
import type { Decider } from './decider.js';
import { StreamNotFound, WrongExpectedRevision } from './errors.js';
import { decode, type EventType, type EventTypes, mapPersonal, UnreadableEvent } from './event-type.js';
import { type EventStore, type Position, START } from './event-store.js';
import type { Actor, Envelope, Fact, JsonObject, NewEvent, RecordedEvent } from './message.js';
import { PersistentMap } from './persistent-map.js';
import { type Sealed, Unopened, type Vault } from './vault.js';

/** A stream category: which events it holds and the rules that write them. */
export interface StreamBinding<State, Command, F extends Fact> {
  readonly name: (id: string) => string;
  readonly types: EventTypes;
  readonly decider: Decider<State, Command, F>;
}

/** What the edge knows of a command beside its content. */
export interface CommandContext {
  readonly commandId: string;
  /** Keyed digest of the command's content. */
  readonly fingerprint: string;
  readonly correlationId: string;
  /** Id of the event that a reactor sends the command for. Without it, the command itself is the cause of what it records. */
  readonly causedBy?: string;
  readonly actor: Actor;
  /** When the command arrived, ISO 8601 UTC. */
  readonly now: string;
  /** Id of the event that this command appends to a stream: the same for a retry under the same key. */
  readonly eventId: (stream: string, index: number) => string;
  /** Whether the caller named the command, so that an earlier attempt may be in the log. */
  readonly keyed: boolean;
  /** Whether nobody waits for the outcome any more. A command that waits for its turn is then not carried out. */
  readonly isCallerGone?: () => boolean;
}

/** A stream's state, and how far it was read. */
export interface Loaded<State> {
  readonly state: State;
  /** Revision of the last event, -1 if there is none. */
  readonly revision: number;
  readonly position: Position;
  /** The latest business time in it; null if it has none. */
  readonly latest: string | null;
  /** Where a command's last event is, if it is there. */
  readonly commands: PersistentMap<string, CommandTrace>;
}

export interface CommandTrace {
  readonly revision: number;
  readonly fingerprint: string;
}

export class StreamAccess {
  constructor(
    readonly store: EventStore,
    readonly vault: Vault,
  ) {}

  /** The stream's state up to `until` (a revision) or to its end; the initial state if there is no stream. */
  async load<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    until = Number.MAX_SAFE_INTEGER,
  ): Promise<Loaded<State>> {
    return this.loadFrom(binding, id, empty(binding.decider.initialState), until);
  }

  /** The state as this process has written it itself, without a read; null where that is not known. Others may have changed it. */
  async loadRecent<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
  ): Promise<Loaded<State> | null> {
    const recent = this.store.recent(binding.name(id));
    return recent ? this.#fold(binding, empty(binding.decider.initialState), recent) : null;
  }

  /** The state as it was at a position of the log, by the events of the stream up to there. */
  async loadAt<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    at: Position,
  ): Promise<Loaded<State>> {
    const initial = empty(binding.decider.initialState);
    return this.#read(binding, id, initial, ({ position }) => position <= at);
  }

  /** Brings a loaded state up to date by reading from its revision on. */
  async loadFrom<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    known: Loaded<State>,
    until = Number.MAX_SAFE_INTEGER,
  ): Promise<Loaded<State>> {
    return this.#read(binding, id, known, ({ revision }) => revision <= until);
  }

  /** @param counts false for the first event that is not to be looked at any more */
  async #read<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    known: Loaded<State>,
    counts: (recorded: RecordedEvent) => boolean,
  ): Promise<Loaded<State>> {
    try {
      const events = this.store.read(binding.name(id), { from: known.revision + 1 });
      return await this.#fold(binding, known, events, counts);
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
      return known;
    }
  }

  async #fold<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    known: Loaded<State>,
    events: AsyncIterable<RecordedEvent> | Iterable<RecordedEvent>,
    counts: (recorded: RecordedEvent) => boolean = () => true,
  ): Promise<Loaded<State>> {
    let { state, revision, position } = known;
    let { latest, commands } = known;
    for await (const recorded of events) {
      if (!counts(recorded)) break;
      const event = await this.open<F>(recorded, binding.types);
      state = binding.decider.evolve(state, event);
      ({ revision, position } = event);
      latest = latestOf(latest, event.data, binding.types[event.type] ?? { time: null });
      commands = commands.set(event.metadata.command_id, { revision, fingerprint: event.metadata.fingerprint });
    }
    return { state, revision, position, latest, commands };
  }

  /**
   * Appends facts to a stream that is as loaded.
   * @throws WrongExpectedRevision, even when another attempt of the same keyed command was first: what that one has
   * recorded need not be what this one decided, and is to be read.
   */
  async append<State, Command, F extends Fact>(
    binding: StreamBinding<State, Command, F>,
    id: string,
    loaded: Loaded<State>,
    facts: readonly F[],
    context: CommandContext,
    firstIndex = 0,
  ): Promise<Pick<Loaded<State>, 'state' | 'revision' | 'position'>> {
    const stream = binding.name(id);
    const events: NewEvent[] = [];
    for (const [index, fact] of facts.entries()) {
      const eventId = context.eventId(stream, firstIndex + index);
      events.push(await this.seal(stream, eventId, fact, binding.types, context));
    }
    const result = await this.store.append(stream, events, expectation(loaded.revision), { derivedIds: context.keyed });
    if (result.repeated && context.keyed) {
      throw new WrongExpectedRevision(stream, expectation(loaded.revision), result.revision);
    }
    const first = result.revision - facts.length + 1;
    let state = loaded.state;
    const { position } = result;
    facts.forEach(({ type, data }, index) => {
      const { id: eventId, metadata } = events[index] as NewEvent;
      const at = { stream, revision: first + index, position, recordedAt: context.now };
      state = binding.decider.evolve(state, { type, data, id: eventId, metadata, ...at } as unknown as Envelope<F>);
    });
    return { state, revision: result.revision, position };
  }

  /** A recorded event in the clear. @throws UnreadableEvent */
  async open<F extends Fact>(recorded: RecordedEvent, types: EventTypes): Promise<Envelope<F>> {
    const type = types[recorded.type];
    if (!type) throw new UnreadableEvent(recorded, 'this stream category has no such event type');
    const event = decode(recorded, type);
    if (type.personal.length === 0) return event as unknown as Envelope<F>;
    const owner = ownerOf(type, event.data as JsonObject);
    const { stream, id: eventId } = recorded;
    const data = await mapPersonal(event.data, type.personal, (text, field) =>
      this.vault.open(owner, { stream, field, eventId }, text as Sealed),
    ).catch((error: unknown) => {
      throw error instanceof Unopened ? new UnreadableEvent(recorded, error.message, { cause: error }) : error;
    });
    return { ...event, data } as unknown as Envelope<F>;
  }

  /** A fact in its envelope, personal fields sealed. */
  async seal(
    stream: string,
    eventId: string,
    fact: Fact,
    types: EventTypes,
    context: CommandContext,
  ): Promise<NewEvent> {
    const type = types[fact.type];
    if (!type) throw new TypeError(`${fact.type} is no event of ${stream}`);
    const data =
      type.personal.length === 0
        ? (fact.data as JsonObject)
        : await mapPersonal(fact.data, type.personal, (text, field) =>
            this.vault.seal(ownerOf(type, fact.data as JsonObject), { stream, field, eventId }, text),
          );
    const metadata = {
      schema_version: type.version,
      command_id: context.commandId,
      fingerprint: context.fingerprint,
      correlation_id: context.correlationId,
      causation_id: context.causedBy ?? context.commandId,
      actor: { kind: context.actor.kind, id: context.actor.id },
    };
    return { id: eventId, type: fact.type, data, metadata };
  }
}

/** Nothing read yet. */
export function empty<State>(initialState: State): Loaded<State> {
  return { state: initialState, revision: -1, position: START, latest: null, commands: PersistentMap.empty() };
}

/** What an append expects of a stream whose last revision is this one; -1 is no stream. */
export function expectation(revision: number): number | 'none' {
  return revision < 0 ? 'none' : revision;
}

function ownerOf({ type, owner: field }: EventType, data: JsonObject): string {
  const owner = field === null ? undefined : data[field];
  if (typeof owner !== 'string') throw new TypeError(`${type} has personal fields, but no owner in ${field}`);
  return owner;
}
