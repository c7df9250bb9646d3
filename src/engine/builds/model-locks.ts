/** Locks that let one process at a time rebuild a model or go back with it. They die with the connection that holds them. */
import type pg from 'pg';
import { tryLock, withHolder } from '../postgres/holder.js';

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
  return withHolder(pool, async (holder, lost) => {
    for (const model of models) {
      if (!(await tryLock(holder, 'hashtext($1), hashtext($2)', ['orderlog:rebuild', model])))
        throw new ModelBusy(model);
    }
    return work(lost);
  });
}
