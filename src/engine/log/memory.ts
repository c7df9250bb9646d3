import { randomUUID } from 'node:crypto';
import { EventStoreUnavailable, StreamNotFound, WrongExpectedRevision } from '../core/errors.js';
import {
  type AppendResult,
  type BackPage,
  type EventPage,
  type Distance,
  type EventStore,
  type ExpectedRevision,
  type Mark,
  matches,
  matchesBack,
  type Position,
  type ReadAllOptions,
  type ReadBackOptions,
  type ReadOptions,
  type ReadTo,
  START,
  type Subscription,
  type SubscribeOptions,
} from '../core/event-store.js';
import type { NewEvent, RecordedEvent } from '../core/message.js';
import { checkSizes } from './event-size.js';
import { logOpened } from './log-opened.js';
import { unconnected } from './unconnected.js';

const PAGE = 1_000;

/** A log in memory, for tests and examples. */
export class MemoryEventStore implements EventStore {
  readonly kind = 'memory';
  readonly #log: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #wake = new Set<() => void>();
  #logId: string | null = null;
  #closed = false;

  /** @param now the clock of the log */
  constructor(private readonly now: () => Date = () => new Date()) {}

  async logId(): Promise<string> {
    if (this.#logId === null) {
      this.#logId = randomUUID();
      const { stream, event } = logOpened(this.#logId);
      await this.append(stream, [event], 'none');
    }
    return this.#logId;
  }

  append(stream: string, events: readonly NewEvent[], expected: ExpectedRevision): Promise<AppendResult> {
    return new Promise((resolve) => {
      if (this.#closed) throw new EventStoreUnavailable('the log is closed');
      if (events.length === 0) throw new TypeError('an append has at least one event');
      checkSizes(stream, events);
      const known = this.#streams.get(stream) ?? [];
      const actual = known.length - 1;
      const wanted = expected === 'none' ? -1 : expected;
      if (wanted !== 'any' && wanted !== actual) {
        const earlier = known.slice(wanted + 1, wanted + 1 + events.length);
        const same = earlier.length === events.length && earlier.every((event, i) => event.id === events[i]?.id);
        if (!same) throw new WrongExpectedRevision(stream, expected, actual < 0 ? 'none' : actual);
        resolve(resultOf(earlier, true));
        return;
      }
      const recordedAt = this.now().toISOString();
      const added = events.map((event, i): RecordedEvent => {
        const { id, type, data, metadata } = copy(event);
        const position = positionOf(this.#log.length + i);
        return { position, stream, revision: actual + 1 + i, id, type, data, metadata, recordedAt };
      });
      this.#log.push(...added);
      known.push(...added);
      this.#streams.set(stream, known);
      for (const wake of this.#wake) wake();
      resolve(resultOf(added, false));
    });
  }

  /** A read costs no more. */
  recent(): null {
    return null;
  }

  async *read(stream: string, options: ReadOptions = {}): AsyncGenerator<RecordedEvent> {
    const events = await Promise.resolve(this.#streams.get(stream));
    const { from = 0, limit = Infinity, signal } = options;
    if (signal?.aborted) return;
    if (!events) throw new StreamNotFound(stream);
    for (const event of events.slice(from, from + limit)) {
      yield copy(event);
      if (signal?.aborted) return;
    }
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const { from = START, until, filter, limit = Infinity, signal } = options;
    let left = limit;
    for (let i = await Promise.resolve(indexAfter(from)); i < this.#log.length && left > 0; i++) {
      const event = this.#log[i] as RecordedEvent;
      if (signal?.aborted || (until !== undefined && event.position > until)) return;
      if (!matches(event, filter)) continue;
      left--;
      yield copy(event);
    }
  }

  readBack(options: ReadBackOptions): Promise<BackPage> {
    const { before, after = START, stream, limit, most } = options;
    const scope = (stream === undefined ? this.#log : (this.#streams.get(stream) ?? []))
      .filter(({ position }) => position > after && (before === undefined || position < before))
      .reverse();
    const events = scope
      .slice(0, most)
      .filter((event) => matchesBack(event, options))
      .slice(0, limit);
    const last = events.length === limit ? events.at(-1) : scope[most - 1];
    return Promise.resolve({ events: events.map(copy), before: last?.position ?? null });
  }

  subscribe(options: SubscribeOptions): Subscription {
    return unconnected(this.pages(options));
  }

  protected async *pages(options: SubscribeOptions): AsyncGenerator<EventPage> {
    const { filter, signal, pageSize = PAGE } = options;
    let scanned = options.from;
    while (!signal.aborted && !this.#closed) {
      const events: RecordedEvent[] = [];
      const before = scanned;
      for (let i = indexAfter(scanned); i < this.#log.length && events.length < pageSize; i++) {
        const event = this.#log[i] as RecordedEvent;
        scanned = event.position;
        if (matches(event, filter)) events.push(copy(event));
      }
      const caughtUp = indexAfter(scanned) >= this.#log.length;
      if (scanned !== before) yield { events, position: scanned, caughtUp };
      else await this.#changed(signal);
    }
  }

  head(): Promise<Position> {
    return Promise.resolve(this.#log.at(-1)?.position ?? START);
  }

  holds({ position, id }: Mark): Promise<boolean> {
    const at = this.#log.find((event) => event.position === position);
    return Promise.resolve(position === START || (at !== undefined && (id === null || at.id === id)));
  }

  distances(read: readonly ReadTo[], cap: number): Promise<Distance[]> {
    const distances = read.map(({ position, filter }) => {
      const left = this.#log.filter((event) => event.position > position && matches(event, filter)).slice(0, cap);
      return { events: left.length, oldest: left[0]?.recordedAt ?? null };
    });
    return Promise.resolve(distances);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#wake) wake();
    return Promise.resolve();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** By way of JSON: a read returns what any other log would, and a caller that changes it changes only the copy. */
function copy<E extends NewEvent>(event: E): E {
  return JSON.parse(JSON.stringify(event)) as E;
}

function positionOf(index: number): Position {
  return (index + 1).toString(16).padStart(16, '0') as Position;
}

function indexAfter(position: Position): number {
  return position === START ? 0 : parseInt(position, 16);
}

function resultOf(events: readonly RecordedEvent[], repeated: boolean): AppendResult {
  const { revision, position } = events.at(-1) as RecordedEvent;
  return { revision, position, repeated };
}
