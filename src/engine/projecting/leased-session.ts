import type pg from 'pg';
import type { BuildId } from '../builds/registry.js';
import type { Position } from '../core/event-store.js';
import { type Session, sessionBeside } from '../postgres/session.js';
import { StatementPassedOver } from '../quarantine/quarantine.js';
import { allOf } from './all-of.js';
import {
  acquireLease,
  type Lease,
  MOVE_CHECKPOINT,
  NO_WAIT_FOR_THE_DISK,
  releaseLease,
  RENEW_EVERY_MS,
  renewLease,
  type StopReason,
} from './checkpoints.js';
import { namesOf, oneStatement, valuesOf } from './one-statement.js';
import type { Connection, PageDb, Write } from './statements.js';

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
  /** Pages as one statement, by the names of what they write. */
  readonly #joined = new Map<string, { readonly name: string; readonly text: string }>();

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
      await client.query(NO_WAIT_FOR_THE_DISK);
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
  commit(position: Position, events: number, work?: () => Promise<void>): Promise<void> {
    const begun = this.#begin(position, events);
    return this.#end(begun, position, work?.());
  }

  /**
   * The same for a page of a projection. One that only writes is one statement, and one round trip: of an error this tells no more
   * than that there is one, a lost lease among them, and nothing has changed. Any other begins a transaction at its first statement.
   * @param work gives the statements that it has used
   * @param atOnce false: a transaction in any case, so that an error tells what is wrong
   */
  async commitPage(
    position: Position,
    events: number,
    work: (connection: Connection) => Promise<PageDb>,
    atOnce: boolean,
  ): Promise<void> {
    const transaction: { begun: readonly Promise<unknown>[] | null } = { begun: null };
    const begin = (): void => {
      transaction.begun ??= this.#begin(position, events);
    };
    if (!atOnce) begin();
    const done = work({
      query: (statement) => {
        begin();
        return this.client.query(statement);
      },
    });
    await done.catch(() => undefined);
    if (transaction.begun !== null) {
      await this.#end(
        transaction.begun,
        position,
        done.then((db) => db.written()),
      );
      return;
    }
    const writes = (await done).rest();
    const { name, text } = this.#together(writes);
    await this.client.query({ name, text, values: [...this.#moving(position, events), ...valuesOf(writes)] });
    this.#committed(position);
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

  #begin(position: Position, events: number): readonly Promise<unknown>[] {
    this.#sendTogether();
    const begun = [this.client.query('begin'), this.#moveCheckpoint(position, events)];
    // Seen at the end of the transaction.
    for (const one of begun) one.catch(() => undefined);
    return begun;
  }

  async #end(begun: readonly Promise<unknown>[], position: Position, work?: Promise<void>): Promise<void> {
    try {
      await allOf([...begun, work]);
      // A transaction in which a statement failed ends without an error, rolled back.
      const { command } = await this.client.query('commit');
      if (command !== 'COMMIT') throw new StatementPassedOver('an error of a statement was passed over');
      this.#committed(position);
    } catch (error) {
      if (!this.#isBroken) await this.client.query('rollback');
      throw error;
    }
  }

  #committed(position: Position): void {
    this.#position = position;
    this.#renewed = performance.now();
  }

  /**
   * Holds back what is sent in this turn of the event loop and sends it at once: waking the server costs more than most
   * statements. What begins a transaction so goes out with what follows it.
   */
  #sendTogether(): void {
    const { stream } = this.client.connection;
    stream.cork();
    setImmediate(() => {
      stream.uncork();
    });
  }

  /** Made once for what is written together. */
  #together(writes: readonly Write[]): { readonly name: string; readonly text: string } {
    const key = namesOf(writes);
    let known = this.#joined.get(key);
    if (!known) {
      known = { name: `projector-page-${this.#joined.size}`, text: oneStatement(MOVE_CHECKPOINT, writes) };
      this.#joined.set(key, known);
    }
    return known;
  }

  #moving(position: Position, events: number): unknown[] {
    return [this.of.name, this.of.build, this.lease.epoch, this.#position, position, events];
  }

  async #moveCheckpoint(position: Position, events: number): Promise<void> {
    const { name, text } = MOVE_CHECKPOINT;
    const { rowCount } = await this.client.query({ name, text, values: this.#moving(position, events) });
    if (rowCount === 0) this.#isLost();
  }

  #isLost(): never {
    throw new LeaseLost(`the lease of ${this.of.name} was lost`);
  }
}
