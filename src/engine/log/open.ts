/** Opens a log: the one place that knows where a log can be. */
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import type { EventStoreUrl } from './eventstoredb/connection-url.js';
import type { ServerReport } from './eventstoredb/server-description.js';
import { PostgresEventStore } from './postgres/store.js';
import type { Connection } from '../postgres/session.js';

/** @throws EventStoreUnavailable and others, which say what is wrong with the server at EVENTSTORE_URL */
export async function openLog(
  { eventStoreUrl }: { readonly eventStoreUrl: string | null },
  pool: pg.Pool,
  connection: Connection,
): Promise<EventStore> {
  return eventStoreUrl === null ? new PostgresEventStore(pool, connection) : openLogAt(eventStoreUrl);
}

/** @param url as the configuration has it */
export async function openLogAt(url: string): Promise<EventStore> {
  // A process without such a server does not load its client.
  const { openEventStoreDb } = await import('./eventstoredb/store.js');
  return openEventStoreDb(url);
}

/** Asks the nodes of an EventStoreDB server for their versions, members and clocks. */
export async function describeEventStore(url: EventStoreUrl): Promise<ServerReport> {
  return (await import('./eventstoredb/gossip.js')).describeServer(url);
}
