/** A session that holds advisory locks: they die with their connection, and what is done under them should end then. */
import type pg from 'pg';
import { sessionBeside } from './session.js';

/**
 * @param work takes its locks on the holder; its signal is aborted when they are lost with the connection
 * @throws what the work throws, and when the database cannot be reached
 */
export async function withHolder<T>(
  pool: pg.Pool,
  work: (holder: pg.Client, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const holder = sessionBeside(pool, 'work');
  const lost = new AbortController();
  const lose = (): void => {
    lost.abort(new Error('the connection that held the locks is lost'));
  };
  holder.on('error', lose).on('end', lose);
  await holder.connect();
  try {
    return await work(holder, lost.signal);
  } finally {
    await holder.end().catch(() => undefined);
  }
}

/**
 * Takes a lock unless another session has it.
 * @param keys the arguments of the lock function, in SQL
 */
export async function tryLock(
  holder: pg.Client,
  keys: string | number,
  values: readonly string[] = [],
): Promise<boolean> {
  const { rows } = await holder.query<{ got: boolean }>(`select pg_try_advisory_lock(${keys}) as got`, [...values]);
  return rows[0]?.got ?? false;
}
