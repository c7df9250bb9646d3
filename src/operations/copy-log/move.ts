/** From one log to its copy: the moment from which the copy is the log. */
import type pg from 'pg';
import type { EventStore, Position } from '../../core/event-store.js';
import { type LogIdentity, logIdentity } from '../../infra/event-store/log-identity.js';

/** Under which this operation is known to the database. */
export const COPYING = 'orderlog-copy-log';

/** Two numbers of our own: of the appends (migrations/0001_log.ts), and of this operation. */
const APPENDS = [7401, 1] as const;
const OPERATION = [7401, 6] as const;

/** Runs while no other process copies or moves the log of this database. @throws Error when one does */
export async function aloneWith<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isOurs = false;
  try {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS got', [...OPERATION]);
    isOurs = rows[0]?.got ?? false;
    if (!isOurs) throw new Error('the log is being copied by another process already');
    return await work();
  } finally {
    // With its connection goes the lock too, but only when the server has noticed.
    if (isOurs) await client.query('SELECT pg_advisory_unlock($1, $2)', [...OPERATION]).catch(() => undefined);
    client.release(true);
  }
}

/**
 * Names the connections of other processes of Orderlog to this database; empty if there is none.
 * @param embedded a process that uses the embedded server can be told from that alone
 */
export async function otherProcesses(db: Pick<pg.ClientBase, 'query'>, embedded: boolean): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string; n: number; since: string; address: string | null }>(
    `SELECT application_name AS name, count(*)::int AS n, min(backend_start) AS since, host(client_addr) AS address
     FROM pg_stat_activity
     WHERE application_name LIKE 'orderlog%' AND application_name <> ALL ($1)
       AND (datname = current_database() OR application_name = 'orderlog-keeper')
     GROUP BY application_name, client_addr ORDER BY 1, 4`,
    [[COPYING, 'orderlog-migrate', ...(embedded ? [] : ['orderlog-keeper'])]],
  );
  return rows.flatMap(({ name, n, since, address }) => {
    // One of them is ours.
    const others = name === 'orderlog-keeper' ? n - 1 : n;
    return others > 0 ? [`${others} of ${name}${address === null ? '' : ` from ${address}`} since ${since}`] : [];
  });
}

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
    const others = await otherProcesses(client, embedded);
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
    const others = await otherProcesses(client, embedded);
    if (others.length > 0) throw new Error(stopThem(others));
    await rebind(client, 'eventstoredb', to);
    await client.query('DROP TRIGGER IF EXISTS moved ON orderlog.events');
    return true;
  });
}

export function stopThem(others: readonly string[]): string {
  return `other processes of Orderlog are connected to the database (${others.join('; ')}): stop them first`;
}

async function rebind(client: pg.ClientBase, from: LogIdentity['kind'], to: Move['to']): Promise<void> {
  const bound = await logIdentity(client);
  if (bound?.kind !== from) throw new Error('the database belongs to another log meanwhile');
  await client.query('UPDATE orderlog.log_identity SET log_id = $1, kind = $2, since = default', [to.log_id, to.kind]);
  // They hold places of the old log.
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE nspname LIKE 'rm\\_%'`,
  );
  for (const { name } of rows) await client.query(`DROP SCHEMA ${name} CASCADE`);
  await client.query('DELETE FROM orderlog.checkpoints; DELETE FROM orderlog.builds');
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
