import type pg from 'pg';
import type { BuildId } from '../builds/registry.js';
import type { Position } from '../core/event-store.js';
import { decode } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import { isOfTheTables, isUnavailable } from '../postgres/errors.js';
import type { Session } from '../postgres/session.js';
import {
  applyEvent,
  isOfTheEvent,
  isOfTheMachine,
  messageOf,
  type Quarantine,
  type QuarantinedEvent,
} from '../quarantine/quarantine.js';
import { quarantineOf, writeQuarantined } from '../quarantine/quarantined.js';
import type { Lease, StopReason } from './checkpoints.js';
import { type Acquiring, LeasedSession, LeaseLost } from './leased-session.js';
import type { ProjectedEvent, ProjectionCache } from './page-part.js';
import { type AnyProjection, schemaName } from './projection.js';
import { concerns, handlerOf } from './reads.js';
import { type Connection, type PageDb, ProjectionStatements } from './statements.js';

/** No process can continue from here. Everything before the position in `reason` has taken effect. */
export class Unprojectable extends Error {
  override readonly name = 'Unprojectable';
  constructor(
    readonly reason: StopReason,
    options?: ErrorOptions,
  ) {
    super(reason.message, options);
  }

  /** At an event that can't be left out either. */
  static at(event: RecordedEvent, error: unknown, quarantine: Quarantine): Unprojectable {
    const { stream, revision, position } = event;
    const isFull = isOfTheEvent(error) && quarantine.isFull;
    const full = isFull ? ` (and ${quarantine.size} keys wait already)` : '';
    return new Unprojectable({ stream, revision, position, message: messageOf(error) + full }, { cause: error });
  }
}

/** Statements of the projection do not fit its tables, though this version made them: somebody changed these by hand. */
class ChangedTable extends Error {
  override readonly name = 'ChangedTable';
  constructor({ name, build }: BuildId, cause: Error) {
    super(`${cause.message}: a table in ${schemaName(name, build)} was changed. Run orderlog rebuild ${name}`, {
      cause,
    });
  }
}

/** Told of an event that could not be applied, once it is committed that its key waits. */
export type OnQuarantined = (held: QuarantinedEvent) => void;

interface Beginning extends Acquiring {
  readonly onQuarantined?: OnQuarantined;
}

/** What one owner of a projection does with it: pages, each in one transaction, on a connection of its own. */
export class Term {
  #cache: ProjectionCache = new Map();
  readonly #statements: ProjectionStatements;

  private constructor(
    readonly projection: AnyProjection,
    readonly session: LeasedSession,
    readonly quarantine: Quarantine,
    readonly onQuarantined: OnQuarantined,
  ) {
    const { name, build } = session.of;
    this.#statements = new ProjectionStatements(schemaName(name, build));
  }

  /** Null when another owner has the lease. */
  static begin(
    pool: pg.Pool,
    projection: AnyProjection,
    of: BuildId,
    { onQuarantined = (): void => undefined, ...acquiring }: Beginning,
  ): Promise<Term | null> {
    return LeasedSession.acquire(pool, of, acquiring, async (session) => {
      // A process that changes these takes the lease away: they are true for as long as there is something to write.
      const quarantine = await quarantineOf(session.client, of, projection);
      return new Term(projection, session, quarantine, onQuarantined);
    });
  }

  /** The checkpoint, as committed. */
  get position(): Position {
    return this.session.position;
  }

  get client(): Session {
    return this.session.client;
  }

  get lease(): Lease {
    return this.session.lease;
  }

  /**
   * Makes the events take effect and moves the checkpoint to `position`. If one of them can't be applied, its key waits from
   * there on, or, where it has none, those before it take effect. Events at or before the checkpoint have had theirs and are
   * passed over.
   * @throws Unprojectable, LeaseLost, and whatever the database says when it is not available
   */
  apply(recorded: readonly RecordedEvent[], position: Position): Promise<void> {
    return this.session.inTurn(() => this.#apply(recorded, position));
  }

  /** Renews the lease, if no page has done so lately. @throws LeaseLost */
  renew(): Promise<void> {
    return this.session.renew();
  }

  /** Releases the lease and closes the connection. */
  end(reason: StopReason | null): Promise<void> {
    return this.session.end(reason);
  }

  /** Cuts the connection, whatever is under way on it. */
  abandon(): void {
    this.session.abandon();
  }

  async #apply(recorded: readonly RecordedEvent[], position: Position): Promise<void> {
    if (position <= this.position) return;
    const events = recorded.filter(
      (event) => event.position > this.position && concerns(this.projection, event) && this.quarantine.lets(event),
    );
    try {
      await this.#inTransaction(events, position);
    } catch (error) {
      if (this.#isNobodysFault(error) || events.length === 0) throw error;
      await this.#narrowDown(events, position);
    }
  }

  /** Halves the page until the first event that fails stands alone; it gets a last try. */
  async #narrowDown(events: readonly RecordedEvent[], position: Position): Promise<void> {
    const middle = Math.floor(events.length / 2);
    const before = events[middle - 1];
    if (before) {
      await this.#apply(events.slice(0, middle), before.position);
      await this.#apply(events.slice(middle), position);
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
    const told = isOfTheTables(error) ? new ChangedTable(this.session.of, error as Error) : error;
    if (!held) throw Unprojectable.at(event, told, this.quarantine);
    await this.#rolledBack(
      this.session.commit(position, 0, () => writeQuarantined(this.client, this.session.of, [held])),
    );
    this.onQuarantined(held);
  }

  async #inTransaction(recorded: readonly RecordedEvent[], position: Position): Promise<void> {
    const events = recorded.map((event) => decode(event, handlerOf(this.projection, event).eventType));
    const work = (connection: Connection): Promise<PageDb> => this.#page(events, connection);
    const commit = (atOnce: boolean): Promise<void> =>
      this.#rolledBack(this.session.commitPage(position, events.length, work, atOnce));
    try {
      await commit(true);
    } catch (error) {
      if (this.#isNobodysFault(error)) throw error;
      // The same by a transaction, which tells what is wrong.
      await commit(false);
    }
  }

  /** What the projection remembers may be of rows that are not there. */
  async #rolledBack(commit: Promise<void>): Promise<void> {
    try {
      await commit;
    } catch (error) {
      this.#cache = new Map();
      throw error;
    }
  }

  async #page(events: readonly ProjectedEvent[], connection: Connection): Promise<PageDb> {
    const db = this.#statements.on(connection);
    if (events.length === 0) return db;
    const { open, flush } = this.projection;
    const page = await open(events, db, this.#cache);
    for (const event of events) {
      const handler = this.projection.handlers[event.type];
      if (handler) applyEvent(handler, page, event);
    }
    await flush(page, db);
    return db;
  }

  #isNobodysFault(error: unknown): boolean {
    return this.session.isBroken || error instanceof LeaseLost || isUnavailable(error) || isOfTheMachine(error);
  }
}
