/** The embedded Postgres: started by the first process, shared, stopped by the last one (docs/decisions/0005). */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { makeFolders } from '../documents/make-folders.js';
import { EMBEDDED_NAME, makeCluster } from './cluster.js';
import { dropPostgresVariables } from './environment.js';
import { bindCluster } from './owner.js';
import { placeOf } from './place.js';
import { type Connection, postgres } from '../engine/index.js';
import { EmbeddedServer } from './server.js';
import { withProcessLock } from './process-lock.js';

export interface Embedded {
  /** How to connect to the database `orderlog`. */
  readonly config: Exclude<Connection, string>;
  /** The folder of the cluster. */
  readonly location: string;
  /** Leaves; the last one to leave stops the server. */
  stop(): Promise<void>;
}

const REJOIN_MS = 1_000;
/** How long the server may take to name its users at a hurried end. */
const OTHERS_MS = 200;
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EROFS'];
/** SQLSTATE of a database that exists, seen before and at the commit. */
const ALREADY_THERE = ['42P04', '23505'];

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  // A segment of the write-ahead log is not filled when it is made: an append meanwhile would wait for all of it, 100 ms and more.
  wal_init_zero: 'off',
  wal_compression: 'on',
  jit: 'off',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The sender of a statement gets its errors; without them the log stays small.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

export interface EmbeddedOptions {
  /** What a process that starts the server may set. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Ends the wait for the server. */
  readonly signal?: AbortSignal;
  /** Is told why a server that died does not start again yet. */
  readonly warn?: (message: string) => void;
}

/**
 * Joins the server of a data folder, and makes and starts it first where that is needed.
 * @throws Error that says what to do, the file system's for the data folder, and the signal's reason
 */
export async function startEmbedded(dataDir: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  dropPostgresVariables();
  makeDataDir(dataDir);
  const membership = new Membership(dataDir, options);
  members.add(membership);
  try {
    return await membership.join();
  } catch (error) {
    members.delete(membership);
    throw error;
  }
}

/** At the end of a process that can't wait: leaves every server, and stops those that nobody else uses, at once. */
export async function leaveAtOnce(): Promise<void> {
  await Promise.all([...members].map((membership) => membership.leaveAtOnce()));
}

const members = new Set<Membership>();

/** That this process uses the server: a connection that is held, and so ends when the process does, however it ends. */
class Membership {
  readonly #lock: string;
  readonly #leaving = new AbortController();
  /** Ends every wait for the server. */
  readonly #over: AbortSignal;
  #server: EmbeddedServer | null = null;
  #keeper: pg.Client | null = null;

  constructor(
    private readonly dataDir: string,
    private readonly options: EmbeddedOptions,
  ) {
    this.#lock = join(dataDir, 'postgres.lock');
    const { signal } = options;
    this.#over = signal ? AbortSignal.any([signal, this.#leaving.signal]) : this.#leaving.signal;
  }

  join(): Promise<Embedded> {
    const join = async (): Promise<Embedded> => {
      const place = placeOf(this.dataDir);
      if (!place.isMade) await makeCluster(this.dataDir, place, this.#over);
      bindCluster(this.dataDir, place.cluster);
      const server = new EmbeddedServer(this.dataDir, place, { ...SETTINGS, ...this.options.settings });
      this.#server = server;
      const keeper = await server.reach(this.#over);
      try {
        await makeDatabase(keeper);
      } catch (error) {
        await keeper.end().catch(() => undefined);
        await server.stopOwn();
        throw error;
      }
      this.#keeper = keeper;
      keeper.on('end', () => void this.#rejoin());
      return { config: server.connection(EMBEDDED_NAME), location: place.cluster, stop: () => this.#leave() };
    };
    return withProcessLock(this.#lock, join, this.#over);
  }

  async #leave(): Promise<void> {
    if (this.#leaving.signal.aborted) return;
    this.#leaving.abort(new Error('the embedded Postgres has been left'));
    const leave = async (): Promise<void> => {
      const isLast = (await this.#others()) === 0;
      await this.#keeper?.end().catch(() => undefined);
      if (isLast) await this.#server?.stop();
    };
    try {
      await withProcessLock(this.#lock, leave);
    } catch (error) {
      // There is no room for the lock's file. Others, if there are any, start the server again.
      if (!NO_ROOM.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await leave();
    } finally {
      members.delete(this);
    }
  }

  async leaveAtOnce(): Promise<void> {
    this.#leaving.abort(new Error('the process ends'));
    // A server that takes nobody in has no other user either.
    const unknown = new Promise<number>((resolve) => setTimeout(resolve, OTHERS_MS, 0).unref());
    if ((await Promise.race([this.#others(), unknown])) === 0) await this.#server?.stopAtOnce();
  }

  /** How many other processes, or parts of this one, use the server. */
  async #others(): Promise<number> {
    const others = await this.#keeper
      ?.query('SELECT FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()', [postgres.keeper])
      .catch(() => null);
    return others?.rowCount ?? 0;
  }

  /** The server died under us: start it again, or join the one that another process has started. */
  async #rejoin(): Promise<void> {
    this.#keeper = null;
    while (!this.#over.aborted && !this.#keeper) {
      try {
        await this.join();
      } catch (error) {
        if (this.#over.aborted) return;
        this.options.warn?.(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) => setTimeout(resolve, REJOIN_MS).unref());
      }
    }
  }
}

async function makeDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [EMBEDDED_NAME]);
  if (rowCount !== 0) return;
  try {
    await client.query(`CREATE DATABASE ${EMBEDDED_NAME}`);
  } catch (error) {
    // A process that was killed may have asked for it just before, and the server has kept doing that.
    if (!ALREADY_THERE.includes((error as { code?: string }).code ?? '')) throw error;
  }
}

/** Others may pass through it, as the server does that runs as another user; what is secret in it has modes of its own. */
function makeDataDir(dataDir: string): void {
  makeFolders(dataDir, 0o711);
  accessSync(dataDir, constants.W_OK | constants.X_OK);
}
