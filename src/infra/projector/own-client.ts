import pg from 'pg';

/** A connection beside a pool, to the same place; not connected yet, and its end is the caller's business. */
export function ownClient(pool: pg.Pool, options: pg.ClientConfig = {}): pg.Client {
  // A pool hides its password from being enumerated, so a copy of its options lacks it.
  const client = new pg.Client({ ...pool.options, password: pool.options.password, ...options });
  client.once('connect', () => pool.options.onConnect?.(client));
  return client;
}
