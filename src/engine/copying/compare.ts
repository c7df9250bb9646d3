/** Two logs side by side: what makes one the copy of the other. */
import { type EventStore, type Filter, matches, type Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';

/**
 * The application's streams, without the log's own: a copy is a log with an id of its own, so a position of one log is
 * never taken for a position of the other. A server may also hold streams of other applications, which do not matter.
 */
export function copiedOf(categories: readonly string[]): Filter {
  return { streamPrefixes: categories.map((category) => `${category}-`) };
}

/** The other log holds something that is not in this one, or not at this position. */
export class NotTheSame extends Error {
  override readonly name = 'NotTheSame';
}

/** The events to be copied, up to a position. @throws NotTheSame for a stream that this version does not know */
export async function* copied(
  store: EventStore,
  filter: Filter,
  until: Position,
  signal?: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  for await (const event of store.readAll({ until, ...(signal && { signal }) })) {
    if (matches(event, filter)) yield event;
    else if (!event.stream.startsWith('log-')) throw new NotTheSame(`${event.stream} is no stream of this version`);
  }
  signal?.throwIfAborted();
}

/** Goes through the events of the copy, each against the one that belongs at its position. */
export class Copy {
  readonly #events: AsyncIterator<RecordedEvent>;
  #next: IteratorResult<RecordedEvent> | null = null;
  /** Events that were found where they belong. */
  same = 0;

  constructor(store: EventStore, filter: Filter, signal?: AbortSignal) {
    this.#events = store.readAll({ filter, ...(signal && { signal }) })[Symbol.asyncIterator]();
  }

  /** False when the copy ends before this event. @throws NotTheSame when another one is at its position */
  async has(event: RecordedEvent): Promise<boolean> {
    this.#next ??= await this.#events.next();
    if (this.#next.done) return false;
    const field = differenceOf(event, this.#next.value);
    if (field !== null) {
      throw new NotTheSame(
        `event ${this.same + 1} is ${nameOf(event)} in the log, and ${nameOf(this.#next.value)} on the other server: ` +
          `they differ in ${field}`,
      );
    }
    this.same++;
    this.#next = null;
    return true;
  }

  /** Leaves the copy, wherever it is. */
  async close(): Promise<void> {
    await this.#events.return?.();
  }

  /** Ends here. @throws NotTheSame when the copy has more */
  async end(): Promise<void> {
    this.#next ??= await this.#events.next();
    if (this.#next.done) return;
    throw new NotTheSame(`after ${this.same} events, the other server holds ${nameOf(this.#next.value)} besides`);
  }
}

/** The first field in which an event is not the copy of the other; position and time of recording are the log's own. */
function differenceOf(one: RecordedEvent, other: RecordedEvent): keyof RecordedEvent | null {
  for (const field of ['stream', 'revision', 'id', 'type'] as const) if (one[field] !== other[field]) return field;
  for (const field of ['data', 'metadata'] as const) {
    if (JSON.stringify(one[field]) !== JSON.stringify(other[field])) return field;
  }
  return null;
}

function nameOf({ stream, revision, type }: RecordedEvent): string {
  return `${type} (${stream}, revision ${revision})`;
}
