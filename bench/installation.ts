/** A fresh installation for a measurement: migrated, with the embedded database running, and gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { projections } from '../projections/index.js';
import { migrations } from '../migrations/index.js';
import { type Embedded, startEmbedded } from '../src/embedded-postgres/embedded.js';
import { PostgresEventStore } from '../src/engine/log/postgres/store.js';
import { migrate } from '../src/engine/postgres/migrate.js';
import { createPool } from '../src/engine/postgres/pool.js';
import { startProjectors } from '../src/engine/projecting/projector.js';
import { CheckpointWatch } from '../src/engine/projecting/watch.js';
import { endingAlways } from './ending.js';
import { type Settings, stopServers } from './processes.js';

const quiet = { info: () => undefined, warn: console.error, error: console.error };

/** How long connections may take to end whose statements are under way. */
const END_MS = 3_000;
/** A projector that stopped has said why. */
const REACH_MS = 600_000;

export interface Installation {
  readonly settings: Settings;
  readonly pool: pg.Pool;
  readonly store: PostgresEventStore;
  readonly folder: string;
}

export async function withInstallation<T>(work: (installation: Installation) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-bench-'));
  const over = new AbortController();
  let starting: Promise<Embedded> | null = null;
  let ending = async (): Promise<void> => undefined;
  return endingAlways(
    async () => {
      starting = startEmbedded(folder, { signal: over.signal });
      const { config } = await starting;
      const pool = createPool(config, { max: 10, applicationName: 'bench' });
      const store = new PostgresEventStore(pool, config);
      ending = async () => {
        await store.close();
        await pool.end();
      };
      await migrate(config, migrations);
      return work({ settings: { ORDERLOG_DATA_DIR: folder, SEED: 'none', HOME: folder }, pool, store, folder });
    },
    async () => {
      over.abort(new Error('the benchmark ends'));
      await stopServers();
      await Promise.race([ending().catch(() => undefined), sleep(END_MS, undefined, { ref: false })]);
      const server = await starting?.catch(() => null);
      await server?.stop();
      if (server) rmSync(server.location, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  );
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
