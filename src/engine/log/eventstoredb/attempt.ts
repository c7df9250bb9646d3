import {
  type AllStreamResolvedEvent,
  type EventStoreDBClient,
  type Filter as AllFilter,
  eventTypeFilter,
  excludeSystemEvents,
  type ReadPosition,
  START as FIRST,
  streamNameFilter,
} from '@eventstore/db-client';
import { type Filter, type Position, START } from '../../core/event-store.js';
import type { RecordedEvent } from '../../core/message.js';
import type { Clients } from './clients.js';
import { passes, logPositionOf, recordedFrom } from './event.js';
import { Inbox } from './inbox.js';
import { type LogPosition, pairOf, positionOf } from './position.js';

/** Events that wait in the buffer of a subscription. */
const BUFFER = 1_024;
/** The server looks through so many events at a time, and tells where it is after each time. */
const WINDOW = 1_000;
const CHECKPOINT_EVERY = 1;
/** An event type that nobody can record: the server takes an empty list for no filter. */
const NO_TYPE = '\u0000';

/** One subscription of the client, on a client of its own: from a position on until it is dropped. */
export class Attempt {
  readonly #inbox: Inbox<AllStreamResolvedEvent>;
  readonly #client: EventStoreDBClient;
  #latest: Position = START;
  #passed: Position = START;
  /** Confirmed by the server. */
  isConnected = false;
  /** What comes now is what has just been appended. */
  isLive = false;

  constructor(
    private readonly clients: Clients,
    from: Position,
    private readonly filter: Filter | undefined,
  ) {
    this.#client = clients.own();
    const fromPosition: ReadPosition = from === START ? FIRST : pairOf(from);
    const options = { fromPosition, filter: serverFilter(filter, (position) => this.#mark(position)) };
    const stream = this.#client.subscribeToAll(options, { highWaterMark: BUFFER });
    stream.on('confirmation', () => {
      this.isConnected = true;
      this.#inbox.wake();
    });
    stream.on('caughtUp', () => {
      this.isLive = true;
      this.#inbox.wake();
    });
    stream.on('fellBehind', () => (this.isLive = false));
    this.#inbox = new Inbox(stream);
  }

  /** At most so many events that have arrived, those after a position that match. */
  take(most: number, after: Position): RecordedEvent[] {
    const events: RecordedEvent[] = [];
    let last = after;
    while (events.length < most) {
      const items = this.#inbox.take(most - events.length);
      if (items.length === 0) break;
      for (const { event } of items) {
        if (!event || !passes(event, this.filter)) continue;
        const position = positionOf(logPositionOf(event));
        if (position <= last) continue;
        last = position;
        events.push(recordedFrom(event, position));
      }
    }
    return events;
  }

  get isEmpty(): boolean {
    return this.#inbox.isEmpty;
  }

  get over(): { readonly error: Error | null } | null {
    return this.#inbox.over;
  }

  /**
   * A position that the server has looked through up to, in a long stretch of what does not match. It is told of while events
   * before it still wait in the buffer, so it counts only when that is empty; and only when the next one is there too, since
   * stepping over an event is worse than being late. At the head the log itself is looked at instead.
   */
  get marker(): Position {
    return this.#inbox.isEmpty && !this.isLive ? this.#passed : START;
  }

  /** As Inbox.changed. */
  changed(ms: number): Promise<void> {
    return this.#inbox.changed(ms);
  }

  wake(): void {
    this.#inbox.wake();
  }

  close(): void {
    this.#inbox.close();
    this.clients.end(this.#client);
  }

  /** Is called by the client, and must not throw there. */
  #mark(position: LogPosition): void {
    const marker = positionOf(position);
    if (marker <= this.#latest) return;
    this.#passed = this.#latest;
    this.#latest = marker;
    this.#inbox.wake();
  }
}

/**
 * The server filters by stream or by event type, not by both: by stream where both are given, since others on the same server may
 * record events of the same types. The client applies the rest.
 */
function serverFilter(filter: Filter | undefined, checkpoint: (position: LogPosition) => void): AllFilter {
  const options = {
    maxSearchWindow: WINDOW,
    checkpointInterval: CHECKPOINT_EVERY,
    checkpointReached: (_: unknown, position: LogPosition): void => checkpoint(position),
  };
  const { types, streamPrefixes } = filter ?? {};
  if (streamPrefixes && streamPrefixes.length > 0)
    return streamNameFilter({ ...options, prefixes: [...streamPrefixes] });
  if (types) return eventTypeFilter({ ...options, prefixes: types.length > 0 ? [...types] : [NO_TYPE] });
  return excludeSystemEvents(options);
}
