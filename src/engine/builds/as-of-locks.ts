/** Locks that let one process at a time make as-of builds of a model. They die with the connection that holds them. */
import type pg from 'pg';
import { sessionBeside } from '../postgres/session.js';

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
  return withHolder(pool, signal, async (holder, held) => {
    await holder.query(`select pg_advisory_lock(${KEYS})`, [model]);
    return work(held);
  });
}

/** The same, unless somebody else is at it. @returns whether it was run */
export async function ifNobodyMakes(pool: pg.Pool, model: string, work: () => Promise<void>): Promise<boolean> {
  return withHolder(pool, new AbortController().signal, async (holder) => {
    const { rows } = await holder.query<{ free: boolean }>(`select pg_try_advisory_lock(${KEYS}) as free`, [model]);
    if (rows[0]?.free) await work();
    return rows[0]?.free ?? false;
  });
}

async function withHolder<T>(
  pool: pg.Pool,
  signal: AbortSignal,
  work: (holder: pg.Client, held: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const holder = sessionBeside(pool, 'work');
  const lost = new AbortController();
  const lose = (): void => {
    lost.abort(new Error('the connection that held the lock of the as-of builds is lost'));
  };
  holder.on('error', lose).on('end', lose);
  // With its connection goes a lock that is still waited for.
  const leave = (): void => void holder.end().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await holder.connect();
    return await work(holder, AbortSignal.any([signal, lost.signal]));
  } finally {
    signal.removeEventListener('abort', leave);
    await holder.end().catch(() => undefined);
  }
}
