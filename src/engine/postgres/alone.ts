/** Work that needs an installation for itself. */
import type pg from 'pg';
import { locks } from './advisory-locks.js';

/** Name of the connections that say that a process uses a shared embedded server. */
export const KEEPER = 'orderlog-keeper';

/** Runs while no other process copies, moves or restores the log of this database. @throws Error when one does */
export async function aloneWith<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isOurs = false;
  try {
    const { rows } = await client.query<{ got: boolean }>(`SELECT pg_try_advisory_lock(${locks.alone}) AS got`);
    isOurs = rows[0]?.got ?? false;
    if (!isOurs) throw new Error('another process copies or restores the log of this database already');
    return await work();
  } finally {
    // With its connection goes the lock too, but only when the server has noticed.
    if (isOurs) await client.query(`SELECT pg_advisory_unlock(${locks.alone})`).catch(() => undefined);
    client.release(true);
  }
}

/** How an operation that works alone with a database tells other processes from its own. */
export interface Alone {
  /** The name of its connections, which no other operation has. */
  readonly own: string;
  /** Whether the server is the embedded one: a process that uses it can be told from that alone. */
  readonly embedded: boolean;
}

/** @throws Error that names the other processes that are connected to this database */
export async function refuseOtherProcesses(db: Pick<pg.ClientBase, 'query'>, alone: Alone): Promise<void> {
  const others = await otherProcesses(db, alone);
  if (others.length === 0) return;
  throw new Error(`other processes of Orderlog are connected to the database (${others.join('; ')}): stop them first`);
}

async function otherProcesses(db: Pick<pg.ClientBase, 'query'>, { own, embedded }: Alone): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string; n: number; since: string; address: string | null }>(
    `SELECT application_name AS name, count(*)::int AS n, min(backend_start) AS since, host(client_addr) AS address
     FROM pg_stat_activity
     WHERE application_name LIKE 'orderlog%' AND application_name <> ALL ($1)
       AND (datname = current_database() OR application_name = $2)
     GROUP BY application_name, client_addr ORDER BY 1, 4`,
    [[own, 'orderlog-migrate', 'orderlog-check', ...(embedded ? [] : [KEEPER])], KEEPER],
  );
  return rows.flatMap(({ name, n, since, address }) => {
    // One of them is ours.
    const others = name === KEEPER ? n - 1 : n;
    return others > 0 ? [`${others} of ${name}${address === null ? '' : ` from ${address}`} since ${since}`] : [];
  });
}
