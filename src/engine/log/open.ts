/** Opens a log: the one place that knows where a log can be. */
import type pg from 'pg';
import type { EventStore } from '../core/event-store.js';
import { clientUrl, type EventStoreUrl, readEventStoreUrl, showsCredentials } from './eventstoredb/connection-url.js';
import type { ServerReport } from './eventstoredb/server-description.js';
import { logIdOf } from './log-identity.js';
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

/** A server of EventStoreDB by its URL, without its client: reading the URL, and asking the nodes what they say of themselves. */
export const eventStoreDb = {
  readUrl: readEventStoreUrl,
  clientUrl,
  showsCredentials,
  /** The id of the log that is there; null for none, which is not opened by this. */
  logIdOf,
  /** Asks the nodes for their versions, members and clocks. */
  describe: async (url: EventStoreUrl): Promise<ServerReport> =>
    (await import('./eventstoredb/gossip.js')).describeServer(url),
} as const;
