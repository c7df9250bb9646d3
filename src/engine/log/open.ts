/** Opens a log: the one place that knows where a log can be. */
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import type { EventStoreUrl } from './eventstoredb/connection-url.js';
import type { ServerReport } from './eventstoredb/server-description.js';
import { PostgresEventStore } from './postgres/store.js';
import { connectionOf } from '../postgres/session.js';

/**
 * @param at the URL of an EventStoreDB server, as the configuration has it; or a pool of `createPool`: the log in that database
 * @throws EventStoreUnavailable and others, which say what is wrong with the server at EVENTSTORE_URL
 */
export async function openLog(at: string | pg.Pool): Promise<EventStore> {
  if (typeof at !== 'string') return new PostgresEventStore(at, connectionOf(at));
  // A process without such a server does not load its client.
  const { openEventStoreDb } = await import('./eventstoredb/store.js');
  return openEventStoreDb(at);
}

/** Asks the nodes of an EventStoreDB server for their versions, members and clocks. */
export async function describeEventStore(url: EventStoreUrl): Promise<ServerReport> {
  return (await import('./eventstoredb/gossip.js')).describeServer(url);
}
