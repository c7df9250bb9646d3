import { randomInt } from 'node:crypto';
import type pg from 'pg';
import { type Connection, postgres } from '../../engine/index.js';

type Session = ReturnType<typeof postgres.sessionTo>;

/**
 * The connection on which this process claims idempotency keys. It holds a lock that says that the process lives: the database
 * frees it when the process dies, so a claim is never written by a process that does not hold it.
 */
export class KeySession {
  /** Names this process in its claims, across reconnections. */
  readonly processNumber = randomInt(1, 2 ** 31 - 1);
  #session: Promise<Session> | null = null;
  #isClosed = false;

  constructor(
    private readonly connection: Connection,
    /** Whether claims are held that others must not take for abandoned. */
    private readonly isInUse: () => boolean,
  ) {}

  async query<Row extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<readonly Row[]> {
    const session = await this.#connected();
    return (await session.query<Row>(statement)).rows;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const session = await this.#session?.catch(() => null);
    await session?.end().catch(() => undefined);
  }

  #connected(): Promise<Session> {
    if (this.#isClosed) return Promise.reject(new Error('Client was closed and is not queryable'));
    this.#session ??= this.#connect();
    return this.#session;
  }

  #connect(): Promise<Session> {
    const options = { kind: 'hold', applicationName: 'orderlog-keys', pipeline: true } as const;
    const session = postgres.sessionTo(this.connection, options);
    const connected = open(session, this.processNumber);
    const drop = (): void => {
      if (this.#session === connected) this.#session = null;
    };
    let wasOpen = false;
    session.once('end', () => {
      drop();
      // Until then, others take its claims for abandoned. If it fails, the next statement tries again.
      if (wasOpen && !this.#isClosed && this.isInUse()) this.#connected().catch(() => undefined);
    });
    connected.then(
      () => {
        wasOpen = true;
      },
      () => {
        drop();
        session.cut();
      },
    );
    return connected;
  }
}

async function open(session: Session, processNumber: number): Promise<Session> {
  await session.connect();
  // A claim or a response that a crash of the database loses is made up for by the streams: no commit waits for the disk.
  await session.query('set synchronous_commit to off');
  // Shared: the server may not have noticed yet that the connection before is gone.
  await session.query('select pg_advisory_lock_shared($1, $2)', [postgres.locks.processes, processNumber]);
  return session;
}
