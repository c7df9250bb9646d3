import type { EventStore, ReadAllOptions, ReadOptions } from '../../src/engine/core/event-store.js';
import { matches, type Position, START } from '../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';

export interface MadeUpStore extends EventStore {
  /** How often the log was read from its start. */
  readsFromStart: number;
  /** Runs before each event of a reading from the start is handed out. */
  before: () => Promise<void>;
}

/** A log of these events, for reading it as a whole; what is added to them later is in it as well. */
export function storeOf(events: readonly RecordedEvent[]): MadeUpStore {
  const store = {
    readsFromStart: 0,
    before: () => Promise.resolve(),
    async *read(stream: string, { from = 0, limit = Infinity }: ReadOptions = {}) {
      const its = events.filter((event) => event.stream === stream && event.revision >= from);
      yield* await Promise.resolve(its.slice(0, limit));
    },
    head: () => Promise.resolve(events.at(-1)?.position ?? START),
    async *readAll({ from = START, until, filter, limit = Infinity, signal }: ReadAllOptions = {}) {
      if (from === START) store.readsFromStart += 1;
      let left = limit;
      for (const event of events) {
        if (event.position <= from || !matches(event, filter)) continue;
        if (from === START) await store.before();
        if (signal?.aborted || (until !== undefined && event.position > until) || left-- <= 0) return;
        yield event;
      }
    },
  };
  return store as unknown as MadeUpStore;
}

/** A place between events, by their number: 0 is the start. */
export function placeOf(events: readonly RecordedEvent[], number: number): Position {
  return events[number - 1]?.position ?? START;
}
