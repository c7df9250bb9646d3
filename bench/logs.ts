/** An installation of its own with a made-up log, for a row that needs a size, or drops its read models. */
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { migrations } from '../migrations/index.js';
import { PgKeyStore } from '../src/crypto/key-store.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { remove, startServer } from './ending.js';
import type { Settings } from './processes.js';
import { appendSynthetic } from './synthetic-log.js';

/** An order and what becomes of it. */
const EVENTS_OF_AN_ORDER = 1.9;

export interface MadeUpLog {
  readonly settings: Settings;
  readonly pool: pg.Pool;
  readonly events: number;
}

/** Events of so many orders beside those of the catalog and the users. */
export function eventsFor(orders: number): number {
  return Math.round(orders * EVENTS_OF_AN_ORDER * 1.02) + 3_900;
}

/** Runs the work on the installation, and deletes it. */
export async function withLog<T>(folder: string, events: number, work: (log: MadeUpLog) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(folder, 'log-'));
  const server = await startServer(dir);
  const pool = createPool(server.config, { max: 4, applicationName: 'orderlog-bench' });
  try {
    await migrate(server.config, migrations);
    const store = new PostgresEventStore(pool, server.config);
    const masterKey = randomBytes(32);
    const appended = await appendSynthetic(store, events, new PgKeyStore(pool, masterKey));
    await store.close();
    await pool.query('VACUUM ANALYZE orderlog.events');
    return await work({
      settings: { ORDERLOG_DATA_DIR: dir, SEED: 'none', MASTER_KEY: masterKey.toString('base64') },
      pool,
      events: appended,
    });
  } finally {
    await pool.end();
    await server.stop();
    remove(dir);
  }
}
