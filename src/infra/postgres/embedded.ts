/** The embedded Postgres: started by whoever comes first, shared, stopped by the last one (docs/decisions/0005). */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { EMBEDDED_NAME, makeCluster } from './embedded-cluster.js';
import { placeOf } from './embedded-place.js';
import { EmbeddedServer, KEEPER } from './embedded-server.js';
import { withProcessLock } from './process-lock.js';

export interface Embedded {
  /** How to connect to the database `orderlog`. */
  readonly config: pg.PoolConfig;
  /** The folder of the cluster. */
  readonly location: string;
  /** Leaves; the last one to leave stops the server. */
  stop(): Promise<void>;
}

const REJOIN_MS = 1_000;
/** SQLSTATE of a database that exists, seen before and at the commit. */
const ALREADY_THERE = ['42P04', '23505'];

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  // A segment of the write-ahead log is not filled when it is made: whoever appends meanwhile would wait for all of it, 100 ms and more.
  wal_init_zero: 'off',
  wal_compression: 'on',
  jit: 'off',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The errors of statements are told to whoever sent them; without them the log stays small.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

/**
 * Joins the server of a data folder, and makes and starts it first where that is needed.
 * @param settings server settings, of interest to whoever starts it
 * @throws Error that says what to do
 */
export async function startEmbedded(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Embedded> {
  makeDataDir(dataDir);
  const membership = new Membership(dataDir, { ...SETTINGS, ...settings });
  return membership.join();
}

/** That this process uses the server: a connection that is held, and so ends when the process does, however it ends. */
class Membership {
  readonly #lock: string;
  #server: EmbeddedServer | null = null;
  #keeper: pg.Client | null = null;
  #isLeaving = false;

  constructor(
    private readonly dataDir: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.#lock = join(dataDir, 'postgres.lock');
  }

  join(): Promise<Embedded> {
    return withProcessLock(this.#lock, async () => {
      if (this.#isLeaving) throw new Error('the embedded Postgres has been left');
      const place = placeOf(this.dataDir);
      if (!place.isMade) await makeCluster(this.dataDir, place);
      const server = new EmbeddedServer(this.dataDir, place, this.settings);
      const keeper = await server.reach();
      await makeDatabase(keeper);
      this.#server = server;
      this.#keeper = keeper;
      keeper.on('end', () => void this.#rejoin());
      return { config: server.connection(EMBEDDED_NAME), location: place.cluster, stop: () => this.#leave() };
    });
  }

  async #leave(): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    await withProcessLock(this.#lock, async () => {
      const others = await this.#keeper
        ?.query('SELECT FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()', [KEEPER])
        .catch(() => null);
      await this.#keeper?.end().catch(() => undefined);
      if (others?.rowCount === 0) await this.#server?.stop();
    });
  }

  /** The server died under us: start it again, or join whoever did. */
  async #rejoin(): Promise<void> {
    this.#keeper = null;
    while (!this.#isLeaving && !this.#keeper) {
      await this.join().catch(() => new Promise((resolve) => setTimeout(resolve, REJOIN_MS).unref()));
    }
  }
}

async function makeDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [EMBEDDED_NAME]);
  if (rowCount !== 0) return;
  try {
    await client.query(`CREATE DATABASE ${EMBEDDED_NAME}`);
  } catch (error) {
    // A process that was killed may have asked for it just before, and the server gone on with that.
    if (!ALREADY_THERE.includes((error as { code?: string }).code ?? '')) throw error;
  }
}

/** Others may pass through it, as the server does that runs as another user; what is secret in it has modes of its own. */
function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(`the data folder ${dataDir} can not be made or written: set ORDERLOG_DATA_DIR to one that can`, {
      cause,
    });
  }
}
