/**
 * A reactor: code that runs commands because of events. It finishes what a command may leave undone when its process dies between
 * two streams: the first event is in the log, and the reactor sees to the second.
 *
 * - It follows the log in order, under a lease, from its own checkpoint: in one process at a time, of those that run projectors.
 * - It starts at the beginning of the log, and a new version of its code keeps the checkpoint. So a handler must be cheap for
 *   events that are long done.
 * - An event reaches its handler at least once. A crash, a lost lease or a restored backup brings events again, and a handler that
 *   lost its lease may still be running while another process handles the same event. So a handler runs idempotent commands: the
 *   decider sees that the work is done and decides nothing. `context()` gives the same command id and event ids each time.
 * - Events of one stream are handled in order. Those of different streams are handled at the same time, up to a bound.
 * - An error of the machine (log, database, network, lost race) is tried again, with growing pauses. Any other error quarantines the
 *   stream at this event: its later events wait, other streams continue. See `orderlog quarantine`.
 */
import type { BuildId } from '../builds/registry.js';
import type { CommandHandler } from '../core/command-handler.js';
import type { EventType, StoredFact } from '../core/event-type.js';
import type { Envelope } from '../core/message.js';
import type { CommandContext } from '../core/stream-access.js';
import type { Reads, TypesOf } from '../projecting/handlers.js';
import type { AnyProjection } from '../projecting/projection.js';

/** What a handler works with. */
export interface Reaction {
  readonly handler: CommandHandler;
  /**
   * The context of a command: its ids follow from the reactor, the event and the purpose, so they are the same whenever the event
   * comes again. One handler that runs several commands names a purpose for each.
   */
  readonly context: (purpose?: string) => CommandContext;
  /** The lease is lost or the process ends: the handler should return soon. What it leaves undone, the next owner does. */
  readonly signal: AbortSignal;
}

/** Work that no event brings about, such as work that becomes due. */
export interface Sweep {
  /** From the end of one run to the beginning of the next. The first begins with the lease. */
  readonly everyMs: number;
  /**
   * Runs in the owner of the lease alone, but a run that lost the lease may not have ended yet: its commands must be idempotent. An
   * error is logged, and the next run follows. Its contexts follow from reactor and purpose: the purpose names what the command
   * is about.
   */
  readonly run: (work: Omit<Reaction, 'context'> & { context(purpose: string): CommandContext }) => Promise<void>;
}

type React<T extends EventType> = (event: Envelope<StoredFact<T>>, reaction: Reaction) => Promise<void>;

interface Common {
  /** Also the name of its checkpoint. No projection has the same one. */
  readonly name: string;
  /** Of its code. */
  readonly version: number;
  /** An event is handled once it is so old. */
  readonly afterMs?: number;
  readonly sweep?: Sweep;
}

export interface ReactorDefinition<R extends Reads> extends Common {
  /** As of a projection: whole categories, and the event types known there. One that is not known quarantines its stream. */
  readonly reads: R;
  /** By event type. Known types without one are passed over. Personal fields are sealed, as in the log. */
  readonly handlers: { readonly [Type in TypesOf<R>['type']]?: React<Extract<TypesOf<R>, { type: Type }>> };
}

/** A handler, with the type that its events are decoded by. */
export interface Reacting {
  readonly eventType: EventType;
  readonly react: React<EventType>;
}

export interface Reactor extends Common {
  readonly reads: Reads;
  readonly handlers: { readonly [type: string]: Reacting };
}

/** @throws TypeError for a handler of an event type that it does not read */
export function defineReactor<const R extends Reads>({ handlers, ...rest }: ReactorDefinition<R>): Reactor {
  const types = Object.values(rest.reads).flatMap((known) => Object.values(known));
  const byType: Record<string, Reacting> = {};
  for (const [type, react] of Object.entries(handlers as unknown as Readonly<Record<string, React<EventType>>>)) {
    const eventType = types.find((one) => one.type === type);
    if (!eventType) throw new TypeError(`the reactor ${rest.name} reads no event of type ${type}`);
    byType[type] = { eventType, react };
  }
  return { ...rest, handlers: byType };
}

/** The number that reactors have among the checkpoints. The builds of read models are numbered from 1. */
export const REACTOR_BUILD = 0;

/** Where a reactor has its checkpoint, lease and quarantine. */
export function checkpointIdOf({ name }: Pick<Reactor, 'name'>): BuildId {
  return { name, build: REACTOR_BUILD };
}

/** Tells a reactor from a projection. */
export function isReactor(one: AnyProjection | Reactor): one is Reactor {
  return !('ddl' in one);
}

/** Each stream is a key of the quarantine. */
export function keysOf({ reads }: Pick<Reactor, 'reads'>): { readonly keyedBy: readonly string[] } {
  return { keyedBy: Object.keys(reads) };
}

/** Projections and reactors name checkpoints, and keys of the quarantine. @throws TypeError */
export function refuseSameNames(all: readonly { readonly name: string }[]): void {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TypeError(`two projections or reactors have the name ${twice}`);
}
