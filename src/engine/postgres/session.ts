/**
 * One connection to the database. Every connection of Orderlog is a Session: its settings are the ones that the code relies on,
 * whatever the role or the database sets, and no wait on it is without a bound (docs/decisions/0014).
 */
import pg from 'pg';
import { AnswerWatch } from './answer-watch.js';
import { connectionGivesWay } from './background.js';
import { explainOutage } from './outage.js';
import { SESSION_KINDS, type SessionKind } from './session-kinds.js';
import { AFTER_CONNECT, type Connection, startupOptions } from './session-settings.js';
import { types } from './types.js';

export type { Connection } from './session-settings.js';

export interface SessionOptions {
  readonly kind: SessionKind;
  readonly applicationName: string;
  /** Statements go out without waiting for the answer to the one before. */
  readonly pipeline?: boolean;
  /** Of a server on this machine: its process for this session gives way to others. */
  readonly givesWay?: boolean;
}

/** What a pool or knex passes on to each of its sessions. */
export interface SessionConfig extends pg.ClientConfig {
  readonly session?: SessionOptions & { readonly to: Connection };
  /** Asked when another session to the same server has fallen silent. @returns whether this one was ended for that */
  readonly dropIfIdle?: (session: Session, reason: Error) => boolean;
}

const CONNECT_MS = 5_000;
/** How long the end of a session waits for the server. */
const END_MS = 500;
/** The server did not answer in time, or has forgotten the connection: it is closed. */
export class DatabaseSilent extends Error {
  override readonly name = 'DatabaseSilent';
  readonly code = 'ETIMEDOUT';
  constructor(ms: number) {
    super(`the database has not answered for ${Math.round(ms / 1_000)} s: its connection was dropped`);
  }
}

class ProcessEnding extends Error {
  readonly code = 'ECONNRESET';
  constructor() {
    super('the process is about to end: its connection to the database was cut');
  }
}

/** Those of this process that are there or on their way. */
const open = new Set<Session>();
let isProcessEnding = false;

/** At the end of a process: no wait for the database is left, and none begins. The embedded server is still there to be stopped. */
export function cutSessions(): void {
  isProcessEnding = true;
  for (const session of open) session.cutAtTheEnd();
}

/** Not connected yet. */
export function sessionTo(connection: Connection, options: SessionOptions): Session {
  return new Session(sessionConfig(connection, options));
}

/** To the same place as a pool of `createPool`, under the same name if none is given; not connected yet. */
export function sessionBeside(
  pool: pg.Pool,
  kind: SessionKind,
  options: Partial<Omit<SessionOptions, 'kind'>> = {},
): Session {
  const { to, ...ofPool } = sessionOf(pool);
  return sessionTo(to, { ...ofPool, ...options, kind });
}

/** Where a pool of `createPool` connects to. */
export function connectionOf(pool: pg.Pool): Connection {
  return sessionOf(pool).to;
}

function folderOf({ session }: SessionConfig): string | undefined {
  return typeof session?.to === 'object' ? session.to.folder : undefined;
}

function sessionOf(pool: pg.Pool): NonNullable<SessionConfig['session']> {
  const { session } = pool.options as SessionConfig;
  if (!session) throw new Error('a pool that createPool has not made');
  return session;
}

export function sessionConfig(connection: Connection, options: SessionOptions): SessionConfig {
  const bounds = SESSION_KINDS[options.kind];
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  // Read by pg, as it would be; but nothing more of it: a URL would set a name and deadlines of its own over ours.
  const address = new pg.Client(config) as pg.Client & { readonly sslNegotiation?: 'postgres' | 'direct' };
  const { host, port, user, database, password, ssl, sslNegotiation } = address;
  return {
    ...{ host, port, user, database, ssl, types },
    password: password ?? undefined,
    ...(sslNegotiation && { sslnegotiation: sslNegotiation }),
    application_name: options.applicationName,
    options: startupOptions(connection, bounds),
    pipeline: options.pipeline ?? false,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    session: { ...options, to: connection },
  };
}

export class Session extends pg.Client {
  readonly #config: SessionConfig;
  readonly #watch: AnswerWatch;
  #heartbeat: NodeJS.Timeout | null = null;
  #isOver = false;
  #isReady = false;

  /** @param config of `sessionConfig` */
  constructor(config: SessionConfig = {}) {
    super(config);
    this.#config = config;
    const { connection } = this;
    this.#watch = new AnswerWatch(SESSION_KINDS[config.session?.kind ?? 'request'], {
      stream: () => connection.stream,
      isBusyThere: () => this.#isBusyThere(),
      hangUp: (silentMs) => {
        const reason = new DatabaseSilent(silentMs);
        for (const other of open) if (other !== this && other.#isBeside(this)) other.#suspect(reason);
        this.cut(reason);
      },
    });
    // The server says once that it is ready for each of these.
    for (const send of ['query', 'sync'] as const) {
      const original = connection[send].bind(connection) as (text?: string) => void;
      connection[send] = (text?: string): void => {
        this.#watch.sent();
        original(text);
      };
    }
    connection.on('errorMessage', (error: Error) => {
      explainOutage(error, { host: this.host, port: this.port, database: this.database, folder: folderOf(config) });
    });
    connection.on('readyForQuery', () => {
      this.#watch.answered();
    });
    // What is lost fails its statements; without this it would end the process as well.
    this.on('error', () => undefined);
    this.on('end', () => {
      this.#isOver = true;
      open.delete(this);
      this.#watch.stop();
      if (this.#heartbeat) clearInterval(this.#heartbeat);
    });
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: ((err: Error) => void) | ((err: null, c: pg.Client) => void)): void;
  override connect(callback?: unknown): unknown {
    const connected = this.#connect();
    if (typeof callback !== 'function') return connected;
    const call = callback as (error: unknown, client?: pg.Client) => void;
    // Not within the promise: what the callback throws is not for it to catch.
    connected.then(
      () => {
        queueMicrotask(() => {
          call(null, this);
        });
      },
      (error: unknown) => {
        queueMicrotask(() => {
          call(error);
        });
      },
    );
    return undefined;
  }

  /** Does not wait for long, whatever the server does. */
  override end(): Promise<void>;
  override end(callback: (err: Error) => void): void;
  override end(callback?: (err: Error) => void): unknown {
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    const late = setTimeout(() => {
      this.cut();
    }, END_MS).unref();
    this.once('end', () => {
      clearTimeout(late);
    });
    return callback ? super.end(callback) : super.end();
  }

  /** Ends the connection at once, whatever is under way on it. */
  cut(reason?: Error): void {
    this.connection.stream.destroy(reason);
  }

  cutAtTheEnd(): void {
    if (this.#endsWithProcess) this.cut(new ProcessEnding());
  }

  get #endsWithProcess(): boolean {
    return this.#config.session?.kind !== 'keep';
  }

  async #connect(): Promise<this> {
    if (isProcessEnding && this.#endsWithProcess) throw new ProcessEnding();
    open.add(this);
    await super.connect().catch((error: unknown) => {
      open.delete(this);
      throw error;
    });
    const late = setTimeout(() => {
      this.cut(new DatabaseSilent(CONNECT_MS));
    }, CONNECT_MS).unref();
    try {
      await this.query(AFTER_CONNECT);
    } catch (error) {
      this.cut();
      throw error;
    } finally {
      clearTimeout(late);
    }
    this.#isReady = true;
    if (this.#config.session?.givesWay) connectionGivesWay(this);
    const { heartbeatMs } = this.#watch.bounds;
    if (heartbeatMs > 0 && !this.#isOver) {
      this.#heartbeat = setInterval(() => {
        // Also in a transaction: the server takes one whose client says nothing for abandoned.
        if (!this.#watch.isWaiting) this.query('select 1').catch(() => undefined);
      }, heartbeatMs).unref();
    }
    return this;
  }

  #isBeside({ host, port }: Session): boolean {
    return this.host === host && this.port === port;
  }

  /** What one connection has met, the others will have met too, and would be found out one after the other. */
  #suspect(reason: Error): void {
    if (!this.#isReady) return;
    if (this.#config.dropIfIdle?.(this, reason)) return;
    if (!this.#watch.isWaiting) this.query('select 1').catch(() => undefined);
    this.#watch.suspect();
  }

  /** Whether the server works on a statement of this session, or waits for anything but this client. */
  async #isBusyThere(): Promise<boolean> {
    const { session } = this.#config;
    if (!session) return true;
    const { processID } = this as { readonly processID?: number | null };
    const beside = sessionTo(session.to, { ...session, kind: 'request', pipeline: false });
    try {
      await beside.connect();
      const { rows } = await beside.query<{ busy: boolean }>(
        `select coalesce(state !~ '^idle' and coalesce(wait_event, '') not in ('ClientRead', 'ClientWrite'), true) as busy
         from pg_stat_activity where pid = $1`,
        [processID],
      );
      return rows[0]?.busy ?? false;
    } finally {
      await beside.end();
    }
  }
}
