/** From one log to its copy: the moment from which the copy is the log. */
import type pg from 'pg';
import type { EventStore, Position } from '../core/event-store.js';
import { type LogIdentity, logIdentity } from '../log/log-identity.js';
import { dropAllBuilds } from '../builds/drop.js';
import { otherProcesses, stopThem } from '../postgres/alone.js';

/** Under which this operation is known to the database. */
export const COPYING = 'orderlog-copy-log';

/** A number of our own, of the appends (migrations/baseline/log.ts). */
const APPENDS = [7401, 1] as const;

export interface Move {
  readonly pool: pg.Pool;
  readonly source: EventStore;
  /** Of the source: the copy is complete up to here. */
  readonly head: Position;
  readonly to: Pick<LogIdentity, 'log_id' | 'kind'>;
  readonly embedded: boolean;
}

/**
 * In one transaction, unless the source has grown: the database belongs to the copy, its read models are gone and will be
 * projected from the copy, and the table of the log takes nothing more.
 * @returns false when the source has grown
 * @throws Error when other processes run
 */
export async function moveTo({ pool, source, head, to, embedded }: Move): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    // Appends that are under way are over then, and none begins.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [...APPENDS]);
    if ((await source.head()) !== head) return false;
    const others = await otherProcesses(client, { embedded, own: COPYING });
    if (others.length > 0) throw new Error(stopThem(others));
    await rebind(client, 'postgres', to);
    await client.query(`
      CREATE TRIGGER moved BEFORE INSERT ON orderlog.events FOR EACH STATEMENT EXECUTE FUNCTION orderlog.refuse_append();
      ALTER TABLE orderlog.events ENABLE ALWAYS TRIGGER moved`);
    return true;
  });
}

/** The way back, while the copy holds nothing that the table does not: the table is the log again. */
export async function moveBack({ pool, to, embedded }: Omit<Move, 'source' | 'head'>): Promise<void> {
  await inTransaction(pool, async (client) => {
    const others = await otherProcesses(client, { embedded, own: COPYING });
    if (others.length > 0) throw new Error(stopThem(others));
    await rebind(client, 'eventstoredb', to);
    await client.query('DROP TRIGGER IF EXISTS moved ON orderlog.events');
    return true;
  });
}

async function rebind(client: pg.ClientBase, from: LogIdentity['kind'], to: Move['to']): Promise<void> {
  const bound = await logIdentity(client);
  if (bound?.kind !== from) throw new Error('the database belongs to another log meanwhile');
  await client.query('UPDATE orderlog.log_identity SET log_id = $1, kind = $2, since = default', [to.log_id, to.kind]);
  // They hold places of the old log.
  await dropAllBuilds(client);
}

async function inTransaction(pool: pg.Pool, work: (client: pg.ClientBase) => Promise<boolean>): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const done = await work(client);
    await client.query(done ? 'COMMIT' : 'ROLLBACK');
    client.release();
    return done;
  } catch (error) {
    // With its connection goes what has been done.
    client.release(true);
    throw error;
  }
}
