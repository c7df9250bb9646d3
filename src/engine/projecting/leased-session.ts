import type pg from 'pg';
import type { BuildId } from '../builds/registry.js';
import type { Position } from '../core/event-store.js';
import { type Session, sessionBeside } from '../postgres/session.js';
import { StatementPassedOver } from '../quarantine/quarantine.js';
import {
  acquireLease,
  BEGIN,
  type Lease,
  MOVE_CHECKPOINT,
  releaseLease,
  RENEW_EVERY_MS,
  renewLease,
  type StopReason,
} from './checkpoints.js';

/** Another process has the lease now, or the checkpoint is not where this one left it. Nothing was written. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export interface Acquiring {
  /** Name of this process among those that want the lease. */
  readonly owner: string;
  /** Breaks off the connecting. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection of its own that has the lease of a checkpoint. One thing is done on it after the other. */
export class LeasedSession {
  #position: Position;
  #isBroken = false;
  #renewed = performance.now();
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly of: BuildId,
    readonly client: Session,
    readonly lease: Lease,
  ) {
    this.#position = lease.position;
    const broken = (): boolean => (this.#isBroken = true);
    client.on('error', broken).on('end', broken);
  }

  /** Null when another owner has the lease. @param begin what the owner needs before its term */
  static async acquire<T>(
    pool: pg.Pool,
    of: BuildId,
    { owner, signal }: Acquiring,
    begin: (session: LeasedSession) => Promise<T>,
  ): Promise<T | null> {
    const client = sessionBeside(pool, 'projector', { pipeline: true });
    let mayHaveLease = false;
    // A lease that was acquired must be released, or nobody has it until it expires.
    const leave = (): void => {
      if (!mayHaveLease) client.cut();
    };
    signal?.addEventListener('abort', leave, { once: true });
    try {
      await client.connect();
      if (signal?.aborted) throw new Error('stopped before it began');
      mayHaveLease = true;
      // By the connection that does the work: a process whose connection is dead is to have no lease.
      const lease = await acquireLease(client, of, owner);
      if (!lease) {
        await client.end();
        return null;
      }
      return await begin(new LeasedSession(of, client, lease));
    } catch (error) {
      client.cut();
      throw error;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** The checkpoint, as committed. */
  get position(): Position {
    return this.#position;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** After all that was given before: it shares their connection. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /**
   * Moves the checkpoint and does the work in one transaction, if the lease is still ours. Called in turn.
   * @param events that take effect by it
   * @throws LeaseLost, and what the work throws; then nothing has changed
   */
  async commit(position: Position, events: number, work?: () => Promise<void>): Promise<void> {
    try {
      this.#sendTogether();
      await allOf([this.client.query(BEGIN), this.#moveCheckpoint(position, events), work?.()]);
      // A transaction in which a statement failed ends without an error, rolled back.
      const { command } = await this.client.query('commit');
      if (command !== 'COMMIT') throw new StatementPassedOver('an error of a statement was passed over');
      this.#position = position;
      this.#renewed = performance.now();
    } catch (error) {
      if (!this.#isBroken) await this.client.query('rollback');
      throw error;
    }
  }

  /** Renews the lease in turn, if no commit has done so lately. @throws LeaseLost */
  renew(): Promise<void> {
    return this.inTurn(async () => {
      if (performance.now() - this.#renewed < RENEW_EVERY_MS) return;
      if (!(await renewLease(this.client, this.of, this.lease.epoch))) this.#isLost();
      this.#renewed = performance.now();
    });
  }

  /** Releases the lease, after all else, and closes the connection. */
  async end(reason: StopReason | null): Promise<void> {
    await this.#turn;
    try {
      if (!this.#isBroken) await releaseLease(this.client, this.of, this.lease.epoch, reason);
    } finally {
      await this.client.end();
    }
  }

  /** Cuts the connection, whatever is under way on it. */
  abandon(): void {
    this.#isBroken = true;
    this.client.cut();
  }

  /**
   * Holds back what is sent in this turn of the event loop and sends it at once: waking the server costs more than most
   * statements. A page that has nothing to read is two messages, its statements and its commit.
   */
  #sendTogether(): void {
    const { stream } = this.client.connection;
    stream.cork();
    setImmediate(() => {
      stream.uncork();
    });
  }

  async #moveCheckpoint(position: Position, events: number): Promise<void> {
    const { name, build } = this.of;
    const values = [name, build, this.lease.epoch, this.#position, position, events];
    const { rowCount } = await this.client.query({ values, ...MOVE_CHECKPOINT });
    if (rowCount === 0) this.#isLost();
  }

  #isLost(): never {
    throw new LeaseLost(`the lease of ${this.of.name} was lost`);
  }
}

/** As Promise.all, but nothing goes on behind the back of who is told of an error: the first in order, not in time. */
async function allOf<T extends readonly unknown[]>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return Promise.all(work);
}
