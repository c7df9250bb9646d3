/** A fresh installation for a measurement: migrated, with the embedded database running, and gone afterwards. */
import type pg from 'pg';
import { projections } from '../projections/index.js';
import { migrations } from '../migrations/index.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { startProjectors } from '../src/engine/projecting/projector.js';
import { CheckpointWatch } from '../src/engine/projecting/watch.js';
import { remove, startServer, temporaryFolder } from './ending.js';
import { type Settings, stopServers } from './processes.js';

const quiet = { info: () => undefined, warn: console.error, error: console.error };

/** A projector that stopped has said why. */
const REACH_MS = 600_000;

export interface Installation {
  readonly settings: Settings;
  readonly pool: pg.Pool;
  readonly store: PostgresEventStore;
  readonly folder: string;
}

export async function withInstallation<T>(work: (installation: Installation) => Promise<T>): Promise<T> {
  const folder = temporaryFolder('orderlog-bench-');
  const server = await startServer(folder);
  const pool = createPool(server.config, { max: 10, applicationName: 'bench' });
  const store = new PostgresEventStore(pool, server.config);
  try {
    await migrate(server.config, migrations);
    return await work({ settings: { ORDERLOG_DATA_DIR: folder, SEED: 'none', HOME: folder }, pool, store, folder });
  } finally {
    await stopServers();
    await store.close();
    await pool.end();
    await server.stop();
    remove(folder);
  }
}

export interface Projecting {
  /** Milliseconds until every read model, or the one named, is at the head of the log. */
  readonly reachHead: (model?: string) => Promise<number>;
}

/** With all projectors of an installation in this process. */
export async function projecting<T>(
  { pool, store }: Installation,
  work: (projecting: Projecting) => Promise<T>,
): Promise<T> {
  const watch = new CheckpointWatch(pool);
  const projectors = startProjectors({ pool, store, watch, log: quiet, projections });
  const reachHead = async (model?: string): Promise<number> => {
    const head = await store.head();
    const begun = performance.now();
    for (;;) {
      const { rows } = await pool.query<{ model: string }>({
        name: 'bench-reached',
        text: `select c.model from orderlog.checkpoints c
          join orderlog.builds b on b.model = c.model and b.number = c.build and b.state = 'active' where c.position >= $1`,
        values: [head],
      });
      if (model === undefined ? rows.length >= projections.length : rows.some((row) => row.model === model)) break;
      if (performance.now() - begun > REACH_MS) throw new Error(`${model ?? 'the read models'} did not reach the head`);
    }
    return performance.now() - begun;
  };
  try {
    return await work({ reachHead });
  } finally {
    await projectors.stop();
    await watch.close();
  }
}

/** What is written by SQL is told to the followers of the log as an append is. */
export async function announce(pool: pg.Pool, events: number): Promise<void> {
  await pool.query(
    `select pg_notify('orderlog_log', json_build_object('first', max(position) - $1::bigint + 1, 'last', max(position), 'categories', null)::text)
     from orderlog.events`,
    [events],
  );
}
