import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Connection, Session, type SessionConfig, sessionConfig } from './session.js';
import type { SessionKind } from './session-kinds.js';

const IDLE_MS = 60_000;
/** How long the end of a pool waits for those who have a connection of it. */
const END_MS = 500;

export interface PoolOptions {
  readonly max: number;
  readonly applicationName: string;
  /** What it is for: `work` if left out; statements of requests have a deadline. */
  readonly kind?: Extract<SessionKind, 'request' | 'work'>;
  readonly idleMs?: number;
  /** Of a server on this machine: its processes for this pool give way to others. */
  readonly inBackground?: boolean;
}

/**
 * A pool whose broken connections are dropped without ending the process. One connection stays, however long it is idle: by that
 * an operation that needs the database for itself sees that this process is there.
 */
export function createPool(connection: Connection, options: PoolOptions): pg.Pool {
  const { applicationName, kind = 'work', inBackground: givesWay = false } = options;
  return new SessionPool({
    ...sessionConfig(connection, { kind, applicationName, givesWay }),
    min: 1,
    max: options.max,
    idleTimeoutMillis: options.idleMs ?? IDLE_MS,
  });
}

class SessionPool extends pg.Pool {
  readonly #all = new Set<pg.Client>();
  readonly #idle = new Set<pg.Client>();

  constructor(config: pg.PoolConfig & SessionConfig) {
    const dropIfIdle = (session: Session, reason: Error): boolean => this.#dropIfIdle(session, reason);
    super({ ...config, dropIfIdle, Client: Session } as pg.PoolConfig);
    // The next query gets a new connection, or its error; there is nobody here to tell.
    this.on('error', () => undefined);
    this.on('connect', (client) => {
      this.#all.add(client);
      client.once('end', () => {
        this.#all.delete(client);
        this.#idle.delete(client);
      });
    });
    this.on('acquire', (client) => this.#idle.delete(client));
    this.on('release', (_error, client) => this.#idle.add(client));
  }

  /** Does not wait for long: a caller that still has a connection then loses it. */
  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): unknown {
    const ended = this.#end(super.end());
    if (!callback) return ended;
    void ended.then(callback);
    return undefined;
  }

  async #end(ended: Promise<void>): Promise<void> {
    const isOver = new AbortController();
    const late = sleep(END_MS, undefined, { signal: isOver.signal, ref: false }).then(
      () => {
        for (const client of this.#all) client.connection.stream.destroy();
      },
      () => undefined,
    );
    // One that is not returned even then is nothing to wait for.
    await Promise.race([ended, late]);
    isOver.abort();
  }

  #dropIfIdle(session: Session, reason: Error): boolean {
    if (!this.#idle.has(session)) return false;
    // At once: told by the end of its stream, the pool would hand it out once more before that.
    session.emit('error', reason);
    session.cut();
    return true;
  }
}
