/** Opens the log that the configuration names: the one place that knows where a log can be. */
import type pg from 'pg';
import type { Config } from './config.js';
import type { EventStore } from './engine/core/event-store.js';
import { PostgresEventStore } from './engine/log/postgres/store.js';
import type { Connection } from './engine/postgres/session.js';

/** @throws EventStoreUnavailable and others, which say what is wrong with the server at EVENTSTORE_URL */
export async function openLog(
  { eventStoreUrl }: Pick<Config, 'eventStoreUrl'>,
  pool: pg.Pool,
  connection: Connection,
): Promise<EventStore> {
  return eventStoreUrl === null ? new PostgresEventStore(pool, connection) : openLogAt(eventStoreUrl);
}

/** @param url as the configuration has it */
export async function openLogAt(url: string): Promise<EventStore> {
  // Whoever has no use for it does not load its client.
  const { openEventStoreDb } = await import('./engine/log/eventstoredb/store.js');
  return openEventStoreDb(url);
}
