/** Locks that let one process at a time rebuild a model or go back with it. They die with the connection that holds them. */
import type pg from 'pg';
import { sessionBeside } from '../postgres/session.js';

/** Another process is at it. */
export class ModelBusy extends Error {
  override readonly name = 'ModelBusy';
  constructor(model: string) {
    super(`the read model ${model} is being rebuilt or switched by another process`);
  }
}

/**
 * Runs something while no other process rebuilds or switches these models.
 * @param work its signal is aborted when the locks are lost with their connection
 * @throws ModelBusy
 */
export async function withModelLocks<T>(
  pool: pg.Pool,
  models: readonly string[],
  work: (held: AbortSignal) => Promise<T>,
): Promise<T> {
  const client = sessionBeside(pool, 'work');
  const lost = new AbortController();
  const lose = (): void => {
    lost.abort(new Error('the connection that held the locks is lost'));
  };
  client.on('error', lose).on('end', lose);
  await client.connect();
  try {
    for (const model of models) {
      const { rows } = await client.query<{ locked: boolean }>(
        'select pg_try_advisory_lock(hashtext($1), hashtext($2)) as locked',
        ['orderlog:rebuild', model],
      );
      if (!rows[0]?.locked) throw new ModelBusy(model);
    }
    return await work(lost.signal);
  } finally {
    await client.end().catch(() => undefined);
  }
}
