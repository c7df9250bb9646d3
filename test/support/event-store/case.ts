import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { v7 as uuidv7 } from 'uuid';
import { type EventStore, START } from '../../../src/engine/core/event-store.js';
import type { JsonObject, NewEvent, RecordedEvent } from '../../../src/engine/core/message.js';

/** A log for the contract suite: the adapter, and what a test may do to it. */
export interface LogUnderTest {
  readonly store: EventStore;
  /** Another store on the same log, as another process would open it; the test closes what it opens. */
  another(): EventStore;
  /** Breaks every connection that the store has at this moment; does nothing where there are none. */
  disconnect(): Promise<void>;
}

/** Opens a log for a test and closes it with the test. */
export type OpenLog = (t: Test) => Promise<LogUnderTest>;

export const metadata: JsonObject = {
  schema_version: 1,
  command_id: '0198c0de-0000-7000-8000-000000000001',
  fingerprint: 'f',
  correlation_id: 'c',
  causation_id: 'c',
  actor: { kind: 'anonymous', id: null },
};

export function newEvent(type = 'Counted', data: JsonObject = {}): NewEvent {
  return { id: uuidv7(), type, data, metadata };
}

/** Events of one type that carry their number. */
export function numbered(count: number, type = 'Counted'): NewEvent[] {
  return Array.from({ length: count }, (_, n) => newEvent(type, { n }));
}

/** A stream category that no one else uses, and the names of streams in it. */
export function freshCategory(): { readonly prefix: string; readonly stream: (id?: string | number) => string } {
  const prefix = `c${randomUUID().replaceAll('-', '')}-`;
  return { prefix, stream: (id = randomUUID()) => `${prefix}${id}` };
}

/** A new stream with these events, appended in pieces that no adapter finds too large. */
export async function filledStream(store: EventStore, stream: string, events: readonly NewEvent[]): Promise<void> {
  for (let first = 0; first < events.length; first += 500) {
    await store.append(stream, events.slice(first, first + 500), first === 0 ? 'none' : first - 1);
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The events that a subscription gives until it has given so many. */
export async function follow(
  store: EventStore,
  prefix: string,
  count: number,
  options: { readonly from?: typeof START; readonly pageSize?: number; onEvent?: (event: RecordedEvent) => void } = {},
): Promise<RecordedEvent[]> {
  const { from = START, pageSize, onEvent } = options;
  const stop = new AbortController();
  const events: RecordedEvent[] = [];
  const size = pageSize === undefined ? {} : { pageSize };
  for await (const page of store.subscribe({
    from,
    filter: { streamPrefixes: [prefix] },
    signal: stop.signal,
    ...size,
  })) {
    for (const event of page.events) {
      events.push(event);
      onEvent?.(event);
    }
    if (events.length >= count) stop.abort();
  }
  return events;
}

export async function revisions(store: EventStore, stream: string): Promise<number[]> {
  return (await collect(store.read(stream))).map((event) => event.revision);
}

/** The error that a promise ends with; an assertion of its own if it does not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('there was no error'),
    (error: unknown) => error,
  );
}
