/** The port to the log. Its contract is the suite in test/support/event-store-contract.ts, run against every adapter. */
import { type NewEvent, objectOf, type RecordedEvent } from './message.js';
import { type Position, START } from './position.js';

export { type Position, START } from './position.js';

/** Last revision the stream must have, `none` when it must not exist yet, `any` for no check. */
export type ExpectedRevision = number | 'none' | 'any';

/** Both given: an event must match both. Neither: everything. */
export interface Filter {
  readonly streamPrefixes?: readonly string[];
  readonly types?: readonly string[];
}

export interface AppendOptions {
  /** The ids are derived, so another attempt may have used them: the result has to say whether it did. */
  readonly derivedIds?: boolean;
}

export interface AppendResult {
  /** Revision and position of the last event of the append. */
  readonly revision: number;
  readonly position: Position;
  /**
   * With `derivedIds`: these ids stood there already, and what the log holds under them may be of another content. False
   * means that it holds what was sent.
   */
  readonly repeated: boolean;
}

export interface ReadOptions {
  /** First revision to read, default 0. */
  readonly from?: number;
  /** At most so many events. */
  readonly limit?: number;
  /** Ends the iteration promptly and without an error: what was given is then not all. */
  readonly signal?: AbortSignal;
}

export interface ReadAllOptions {
  /** Events after this position, default START. */
  readonly from?: Position;
  /** Events at or before this position. */
  readonly until?: Position;
  readonly filter?: Filter;
  readonly limit?: number;
  /** As in ReadOptions. */
  readonly signal?: AbortSignal;
}

export interface SubscribeOptions {
  readonly from: Position;
  readonly filter?: Filter;
  /** Most events in a page, default 1000. */
  readonly pageSize?: number;
  /** Ends the iteration promptly and without an error. */
  readonly signal: AbortSignal;
}

export interface ReadBackOptions {
  /** Events before this position, which is that of a record; from the head back if left out. */
  readonly before?: Position;
  /** Events after this position, default START. */
  readonly after?: Position;
  readonly filter?: Filter;
  /** Of this stream only. */
  readonly stream?: string;
  /** Whose metadata has this correlation id. */
  readonly correlationId?: string;
  readonly limit: number;
  /** At most so many records are looked at, so that a filter that lets little through ends in time. */
  readonly most: number;
}

export interface BackPage {
  /** Newest first. */
  readonly events: readonly RecordedEvent[];
  /** Events before this position were not looked at, and there may be more. Null: this was all. */
  readonly before: Position | null;
}

/**
 * What a subscription hands over: the next matching events in log order, and the position up to which nothing that
 * matches is left out. A page without events says only that the log has grown with what does not match, or, at the position of the page
 * before, that nothing is waiting behind that one.
 */
export interface EventPage {
  readonly events: readonly RecordedEvent[];
  readonly position: Position;
  /** True when, as far as is known, nothing is waiting behind this page. */
  readonly caughtUp: boolean;
}

/** A record that was seen in the log. */
export interface Mark {
  readonly position: Position;
  /** Null where only its position is known. */
  readonly id: string | null;
}

/** What has been read of the log: what passes the filter, up to a position. */
export interface ReadTo {
  readonly position: Position;
  readonly filter: Filter;
}

/** How much lies behind that. */
export interface Distance {
  readonly events: number;
  /** When the oldest of them was recorded. */
  readonly oldest: string | null;
}

/** How a subscription is connected to its log. */
export interface SubscriptionState {
  /** ISO 8601 UTC; null while it is not. */
  readonly connectedSince: string | null;
  /** How often it was dropped, by reason, since it began. */
  readonly drops: { readonly [reason: string]: number };
  /** When the last event came, by this machine's clock. */
  readonly lastEventAt: string | null;
  /** The last record that it has seen, if any. */
  readonly mark?: Mark;
}

/** Iterated once; ends with its signal, or when the store is closed. */
export interface Subscription extends AsyncIterable<EventPage> {
  /** Somebody waits for this position: it is told of as soon as it is reached, even when nothing matches. */
  reach(position: Position): void;
  /** Null where there is no connection of its own. */
  state(): SubscriptionState | null;
}

export interface EventStore {
  readonly kind: 'postgres' | 'memory' | 'eventstoredb';

  /** The id of this log, from its `log-main` stream; opens the log (appends LogOpened) the first time. */
  logId(): Promise<string>;

  /**
   * Appends all events or none. The same ids with the same expected revision again succeed and add nothing.
   * @throws WrongExpectedRevision, EventTooLarge, EventStoreUnavailable
   */
  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
    options?: AppendOptions,
  ): Promise<AppendResult>;

  /**
   * All events of a stream that this process has begun itself, where it has kept them; null otherwise. Costs no round trip. Others may have
   * appended to the stream since, so only an append at the revision after these proves that they were all.
   */
  recent(stream: string): readonly RecordedEvent[] | null;

  /**
   * The events of one stream, oldest first.
   * @throws StreamNotFound, EventStoreUnavailable
   */
  read(stream: string, options?: ReadOptions): AsyncIterable<RecordedEvent>;

  /**
   * Events of all streams in log order; ends at the head of the log as it is when it gets there. Others may write faster than this
   * reads: `until` the head as it is when asked makes an end certain.
   */
  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;

  /** One page of events, newest first. Its work is bounded: follow `before` of the page for the rest. */
  readBack(options: ReadBackOptions): Promise<BackPage>;

  /** Everything after `from` and then what comes, each event once and in log order; pulled, with a bounded buffer. */
  subscribe(options: SubscribeOptions): Subscription;

  /** Position of the last event of any writer; START of an empty log. */
  head(): Promise<Position>;

  /**
   * False when the log has lost this record: an older copy has taken its place, whatever was written to that since. True where it
   * can't be told, as of a record that the server has scavenged.
   */
  holds(mark: Mark): Promise<boolean>;

  /**
   * For each of these, how many events are left to read, counted up to `cap` and up to the head as it is when asked. The signal ends
   * the counting without an error: then there are at least so many.
   */
  distances(read: readonly ReadTo[], cap: number, signal?: AbortSignal): Promise<Distance[]>;

  close(): Promise<void>;
}

/** Tells whether an event passes a filter; the one definition that every adapter keeps to. */
export function matches(
  event: { readonly stream: string; readonly type: string },
  filter: Filter | undefined,
): boolean {
  if (filter?.types && !filter.types.includes(event.type)) return false;
  if (filter?.streamPrefixes && !filter.streamPrefixes.some((prefix) => event.stream.startsWith(prefix))) return false;
  return true;
}

/** The same for what a page that is read backwards asks for. */
export function matchesBack(event: RecordedEvent, options: ReadBackOptions): boolean {
  const { before, after = START, filter, stream, correlationId } = options;
  if (event.position <= after || (before !== undefined && event.position >= before)) return false;
  if (stream !== undefined && event.stream !== stream) return false;
  if (correlationId !== undefined && objectOf(event.metadata)['correlation_id'] !== correlationId) return false;
  return matches(event, filter);
}
