/** Locks that let one process at a time make as-of builds of a model. They die with the connection that holds them. */
import type pg from 'pg';
import { tryLock, withHolder } from '../postgres/holder.js';

/** By the model's name as schemas have it: what a killed process has left tells its lock. */
const KEYS = `hashtext('orderlog:as-of'), hashtext(replace($1, '-', '_'))`;

/**
 * Runs something while no other process makes an as-of build of the model; waits until that is so.
 * @param work its signal is aborted with the given one, and when the lock is lost with its connection
 * @throws whatever the signal was aborted with, also while it waits
 */
export async function withAsOfLock<T>(
  pool: pg.Pool,
  model: string,
  signal: AbortSignal,
  work: (held: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  return withHolder(pool, async (holder, lost) => {
    // With its connection goes a lock that is still waited for.
    const leave = (): void => void holder.end().catch(() => undefined);
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      await holder.query(`select pg_advisory_lock(${KEYS})`, [model]);
      return await work(AbortSignal.any([signal, lost]));
    } finally {
      signal.removeEventListener('abort', leave);
    }
  });
}

/** The same, unless somebody else is at it. @returns whether it was run */
export async function ifNobodyMakes(pool: pg.Pool, model: string, work: () => Promise<void>): Promise<boolean> {
  return withHolder(pool, async (holder) => {
    const isFree = await tryLock(holder, KEYS, [model]);
    if (isFree) await work();
    return isFree;
  });
}
