import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import type { LogTimes } from '../core/log-times.js';
import { IndexedTimes } from './indexed-times.js';
import { PostgresReader } from './postgres/reader.js';
import { ScannedTimes } from './scanned-times.js';

/** The times of a log, in the way that its kind allows; `pool` is that of the database that belongs to the log. */
export function logTimes(pool: pg.Pool, store: EventStore): LogTimes {
  if (store.kind === 'postgres') {
    const reader = new PostgresReader(pool);
    return { positionAt: (time) => reader.positionAt(time), close: () => Promise.resolve() };
  }
  return store.kind === 'memory' ? new ScannedTimes(store) : new IndexedTimes(pool, store);
}
