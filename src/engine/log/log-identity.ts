import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore } from '../core/event-store.js';
import { streamName } from '../core/stream.js';

/** The log that is configured is not the one that the read models of the database were made from. */
export class WrongLog extends Error {
  override readonly name = 'WrongLog';
}

/** The log that a database belongs to. */
export interface LogIdentity {
  readonly log_id: string;
  readonly kind: EventStore['kind'];
  readonly since: string;
}

/**
 * Sees to it that a database is used with one log only: the first that comes with it. Positions of one log mean nothing in
 * another, so nothing may be compared with a checkpoint before this. Another log is not written to.
 * @returns the log's id
 * @throws WrongLog, which says what to do
 */
export async function bindToLog(pool: pg.Pool, store: EventStore): Promise<string> {
  const bound = await logIdentity(pool);
  if (bound) return sameLog(bound, store, await logIdOf(store));
  const logId = await store.logId();
  await pool.query('INSERT INTO orderlog.log_identity (log_id, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    logId,
    store.kind,
  ]);
  // Another process may have been first.
  return sameLog((await logIdentity(pool)) as LogIdentity, store, logId);
}

export async function logIdentity(db: Pick<pg.ClientBase | pg.Pool, 'query'>): Promise<LogIdentity | null> {
  const { rows } = await db.query<LogIdentity>('SELECT log_id, kind, since FROM orderlog.log_identity');
  return rows[0] ?? null;
}

/** The database belongs to another log from now on. @throws Error when it does not belong to one of this kind */
export async function rebindToLog(
  client: pg.ClientBase,
  from: LogIdentity['kind'],
  to: Pick<LogIdentity, 'log_id' | 'kind'>,
): Promise<void> {
  const bound = await logIdentity(client);
  if (bound?.kind !== from) throw new Error('the database belongs to another log meanwhile');
  await client.query('UPDATE orderlog.log_identity SET log_id = $1, kind = $2, since = default', [to.log_id, to.kind]);
}

/** The id of a log that has one; null for an empty log, which is not opened by this. */
export async function logIdOf(store: EventStore): Promise<string | null> {
  try {
    for await (const first of store.read(streamName('log', 'main'), { limit: 1 })) {
      return first.data['log_id'] as string;
    }
    return null;
  } catch (error) {
    if (error instanceof StreamNotFound) return null;
    throw error;
  }
}

function sameLog(bound: LogIdentity, store: EventStore, found: string | null): string {
  if (bound.kind === store.kind && bound.log_id === found) return found;
  const ours = `log ${bound.log_id}`;
  const theirs = found === null ? 'holds no log of Orderlog' : `holds log ${found}`;
  const here = bound.kind === 'postgres';
  if (here && store.kind === 'postgres') {
    throw new WrongLog(
      `this database belongs to ${ours}, but its own table of events ${theirs}: the log was exchanged. Restore the ` +
        'one that belongs to it, or use a new database',
    );
  }
  if (here) {
    throw new WrongLog(
      `this database has its own ${ours}, and the server at EVENTSTORE_URL ${theirs}. To move the log there, run ` +
        'orderlog copy-log --to URL with EVENTSTORE_URL unset; otherwise unset EVENTSTORE_URL, or use another database',
    );
  }
  if (store.kind === 'postgres') {
    throw new WrongLog(
      `this database belongs to ${ours}, which has been on another server since ${bound.since}: set EVENTSTORE_URL to it`,
    );
  }
  throw new WrongLog(
    `this database belongs to ${ours}, but the server at EVENTSTORE_URL ${theirs}. Set EVENTSTORE_URL to the server of ` +
      'that log (or restore it there, if this is the right server), or use a new database',
  );
}
