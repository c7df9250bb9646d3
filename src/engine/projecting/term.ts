import type pg from 'pg';
import { decode } from '../core/event-type.js';
import type { Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import { isUnavailable } from '../postgres/errors.js';
import { type Session, sessionBeside } from '../postgres/session.js';
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
import type { BuildId } from '../builds/registry.js';
import {
  applyEvent,
  type QuarantinedEvent,
  isOfTheEvent,
  isOfTheMachine,
  messageOf,
  type Quarantine,
  StatementPassedOver,
} from '../quarantine/quarantine.js';
import { quarantineOf, writeQuarantined } from '../quarantine/quarantined.js';
import type { ProjectedEvent, ProjectionCache, ProjectionDb } from './page-part.js';
import { type AnyProjection, schemaName } from './projection.js';
import { concerns, handlerOf } from './reads.js';
import { projectionDb } from './statements.js';

/** Another process has the projection now, or the checkpoint is not where this one left it. Nothing was written. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** No process can continue the projection. Everything before the position in `reason` has taken effect. */
export class Unprojectable extends Error {
  override readonly name = 'Unprojectable';
  constructor(
    readonly reason: StopReason,
    options?: ErrorOptions,
  ) {
    super(reason.message, options);
  }
}

/** Told of an event that could not be applied, once it is committed that its key waits. */
export type OnQuarantined = (held: QuarantinedEvent) => void;

interface Beginning {
  /** Name of this process among those that want the lease. */
  readonly owner: string;
  readonly signal?: AbortSignal;
  readonly onQuarantined?: OnQuarantined;
}

/** What one owner of a projection does with it: pages, each in one transaction, on a connection of its own. */
export class Term {
  #position: Position;
  #cache: ProjectionCache = new Map();
  #broken = false;
  #renewed = performance.now();
  readonly #db: ProjectionDb;

  private constructor(
    readonly projection: AnyProjection,
    readonly of: BuildId,
    readonly client: Session,
    readonly lease: Lease,
    readonly quarantine: Quarantine,
    readonly onQuarantined: OnQuarantined,
  ) {
    this.#position = lease.position;
    this.#db = projectionDb(client, schemaName(of.name, of.build));
    const broken = (): boolean => (this.#broken = true);
    client.on('error', broken).on('end', broken);
  }

  /** Null when another owner has the lease. @param signal breaks off the connecting */
  static async begin(
    pool: pg.Pool,
    projection: AnyProjection,
    of: BuildId,
    { owner, signal, onQuarantined = (): void => undefined }: Beginning,
  ): Promise<Term | null> {
    const client = sessionBeside(pool, 'projector', { pipeline: true });
    let mayHaveLease = false;
    // A lease that was acquired must go back, or nobody projects the build until it expires.
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
      // A process that changes these takes the lease away: they are true for as long as there is something to write.
      const quarantine = await quarantineOf(client, of, projection);
      return new Term(projection, of, client, lease, quarantine, onQuarantined);
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

  /**
   * Makes the events take effect and moves the checkpoint to `position`. If one of them can't be applied, its key waits from
   * there on, or, where it has none, those before it take effect. Events at or before the checkpoint have had theirs and are
   * passed over.
   * @throws Unprojectable, LeaseLost, and whatever the database says when it is not available
   */
  async apply(recorded: readonly RecordedEvent[], position: Position): Promise<void> {
    if (position <= this.#position) return;
    const events = recorded.filter(
      (event) => event.position > this.#position && concerns(this.projection, event) && this.quarantine.lets(event),
    );
    try {
      await this.#inTransaction(events, position);
    } catch (error) {
      if (this.#isNobodysFault(error) || events.length === 0) throw error;
      await this.#narrowDown(events, position);
    }
  }

  /** Renews the lease, if no page has done so lately. @throws LeaseLost */
  async renew(): Promise<void> {
    if (performance.now() - this.#renewed < RENEW_EVERY_MS) return;
    if (!(await renewLease(this.client, this.of, this.lease.epoch))) this.#isLost();
    this.#renewed = performance.now();
  }

  /** Gives the lease back and closes the connection. */
  async end(reason: StopReason | null): Promise<void> {
    try {
      if (!this.#broken) await releaseLease(this.client, this.of, this.lease.epoch, reason);
    } finally {
      await this.client.end();
    }
  }

  /** Cuts the connection, whatever is under way on it. */
  abandon(): void {
    this.#broken = true;
    this.client.cut();
  }

  /** Halves the page until the first event that fails stands alone; it gets a last try. */
  async #narrowDown(events: readonly RecordedEvent[], position: Position): Promise<void> {
    const middle = Math.floor(events.length / 2);
    const before = events[middle - 1];
    if (before) {
      await this.apply(events.slice(0, middle), before.position);
      await this.apply(events.slice(middle), position);
      return;
    }
    try {
      await this.#inTransaction(events, position);
    } catch (error) {
      if (this.#isNobodysFault(error)) throw error;
      await this.#hold(events[0] as RecordedEvent, position, error);
    }
  }

  /** The event's key waits from here on, and the checkpoint moves past it. @throws Unprojectable where it has none */
  async #hold(event: RecordedEvent, position: Position, error: unknown): Promise<void> {
    const held = this.quarantine.hold(event, error);
    if (!held) {
      const { stream, revision, position: place } = event;
      const full =
        isOfTheEvent(error) && this.quarantine.isFull ? ` (and ${this.quarantine.size} keys wait already)` : '';
      throw new Unprojectable(
        { stream, revision, position: place, message: messageOf(error) + full },
        { cause: error },
      );
    }
    await this.#transaction(0, position, () => writeQuarantined(this.client, this.of, [held]));
    this.onQuarantined(held);
  }

  async #inTransaction(recorded: readonly RecordedEvent[], position: Position): Promise<void> {
    const events = recorded.map((event) => decode(event, handlerOf(this.projection, event).eventType));
    await this.#transaction(events.length, position, events.length === 0 ? undefined : () => this.#rows(events));
  }

  async #transaction(events: number, position: Position, work?: () => Promise<void>): Promise<void> {
    try {
      await this.#page(events, position, work);
      this.#position = position;
      this.#renewed = performance.now();
    } catch (error) {
      // What the projection remembers may be of rows that are not there.
      this.#cache = new Map();
      if (!this.#broken) await this.client.query('rollback');
      throw error;
    }
  }

  async #page(events: number, position: Position, work?: () => Promise<void>): Promise<void> {
    this.#sendTogether();
    await allOf([this.client.query(BEGIN), this.#moveCheckpoint(events, position), work?.()]);
    // A transaction in which a statement failed ends without an error, rolled back.
    const { command } = await this.client.query('commit');
    if (command !== 'COMMIT') throw new StatementPassedOver('an error of a statement was passed over');
  }

  async #rows(events: readonly ProjectedEvent[]): Promise<void> {
    const { open, flush } = this.projection;
    const page = await open(events, this.#db, this.#cache);
    for (const event of events) {
      const handler = this.projection.handlers[event.type];
      if (handler) applyEvent(handler, page, event);
    }
    await flush(page, this.#db);
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

  async #moveCheckpoint(events: number, position: Position): Promise<void> {
    const { name, build } = this.of;
    const values = [name, build, this.lease.epoch, this.#position, position, events];
    const { rowCount } = await this.client.query({ ...MOVE_CHECKPOINT, values });
    if (rowCount === 0) this.#isLost();
  }

  #isLost(): never {
    throw new LeaseLost(`the lease of ${this.of.name} was lost`);
  }

  #isNobodysFault(error: unknown): boolean {
    return this.#broken || error instanceof LeaseLost || isUnavailable(error) || isOfTheMachine(error);
  }
}

/** As Promise.all, but nothing goes on behind the back of who is told of an error: the first in order, not in time. */
async function allOf<T extends readonly unknown[]>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return Promise.all(work);
}
