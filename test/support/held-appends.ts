import type { TestDatabase } from './database.js';

/** Appends to the log of the database wait until the returned function is called: for some seconds, then they fail. */
export async function holdAppends({ pool }: Pick<TestDatabase, 'pool'>): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query('select pg_advisory_lock(7401, 1)');
  let isHeld = true;
  return async () => {
    if (!isHeld) return;
    isHeld = false;
    await client.query('select pg_advisory_unlock(7401, 1)');
    client.release();
  };
}
