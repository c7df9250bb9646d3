import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { decode, type EventType, type StoredFact } from '../../src/engine/core/event-type.js';
import { type Position, START } from '../../src/engine/core/event-store.js';
import type { JsonObject, RecordedEvent } from '../../src/engine/core/message.js';
import type { ProjectedEvent, ProjectionCache } from '../../src/engine/projecting/page-part.js';
import { type AnyProjection, type Projection, schemaName } from '../../src/engine/projecting/projection.js';
import { applyEvent } from '../../src/engine/quarantine/quarantine.js';
import { concerns, handlerOf } from '../../src/engine/projecting/reads.js';
import { oneStatement, valuesOf } from '../../src/engine/projecting/one-statement.js';
import { type PageDb, ProjectionStatements, type Write } from '../../src/engine/projecting/statements.js';

/** A log of events made up for a test: gives each its revision and its position. */
export class TestLog {
  readonly events: RecordedEvent[] = [];
  readonly #revisions = new Map<string, number>();

  add<T extends EventType>(stream: string, type: T, data: StoredFact<T>['data']): RecordedEvent {
    const revision = this.#revisions.get(stream) ?? 0;
    this.#revisions.set(stream, revision + 1);
    const event = {
      position: (this.events.length + 1).toString(16).padStart(16, '0') as Position,
      stream,
      revision,
      id: randomUUID(),
      type: type.type,
      data: data as unknown as JsonObject,
      metadata: {
        schema_version: type.version,
        command_id: 'command',
        fingerprint: 'fingerprint',
        correlation_id: 'correlation',
        causation_id: 'command',
        actor: { kind: 'anonymous', id: null },
      },
      recordedAt: new Date(1_700_000_000_000 + this.events.length).toISOString(),
    };
    this.events.push(event);
    return event;
  }
}

/**
 * Applies pages of events to a projection as the projector does: a transaction a page, one statement where the page only writes, what
 * is not after the checkpoint dropped, the cache dropped with a page that failed. Without leases and subscriptions.
 */
export class ProjectionUnderTest<Page> {
  position: Position = START;
  readonly schema: string;
  #cache: ProjectionCache = new Map();

  private constructor(
    readonly pool: pg.Pool,
    readonly projection: Projection<Page>,
    schema: string,
  ) {
    this.schema = schema;
  }

  /** @param schema where several are to stand side by side */
  static async create<Page>(
    pool: pg.Pool,
    projection: Projection<Page>,
    schema = schemaName(projection.name, projection.version),
  ): Promise<ProjectionUnderTest<Page>> {
    await pool.query(
      `create schema ${schema}; ${`${projection.ddl}${projection.indexes ?? ''}`.replaceAll('{schema}', schema)}`,
    );
    return new ProjectionUnderTest(pool, projection, schema);
  }

  async apply(recorded: readonly RecordedEvent[]): Promise<void> {
    const projection = this.projection as AnyProjection;
    const events = recorded
      .filter((event) => event.position > this.position && concerns(projection, event))
      .map((event) => decode(event, handlerOf(projection, event).eventType));
    try {
      await this.#inTransaction(events, true);
    } catch (error) {
      await this.#inTransaction(events, false);
      throw new Error('the writes of a page are right one by one, not as one statement: two touch a row', {
        cause: error,
      });
    }
    this.position = recorded.at(-1)?.position ?? this.position;
  }

  /** @param atOnce a page that only writes is one statement; of an error that tells little */
  async #inTransaction(events: readonly ProjectedEvent[], atOnce: boolean): Promise<void> {
    const { handlers, open, flush } = this.projection;
    const client = await this.pool.connect();
    const sent = { queries: 0 };
    try {
      await client.query('begin');
      const db = this.#statements(client, sent);
      const page = await open(events, db, this.#cache);
      for (const event of events) {
        const handler = handlers[event.type];
        if (handler) applyEvent(handler, page, event);
      }
      await flush(page, db);
      if (atOnce && sent.queries === 0) await writeAtOnce(client, db.rest());
      await db.written();
      await client.query('commit');
    } catch (error) {
      this.#cache = new Map();
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  /** As after a restart of the process: nothing is in memory. */
  restart(): void {
    this.#cache = new Map();
  }

  /** All rows of all its tables, in the order of their primary keys. */
  async rows(): Promise<Record<string, unknown[]>> {
    const all: Record<string, unknown[]> = {};
    for (const table of this.projection.tables) {
      const { rows } = await this.pool.query<{ row: unknown }>(
        `select to_jsonb(t) as row from ${this.schema}.${table} t order by to_jsonb(t)::text`,
      );
      all[table] = rows.map(({ row }) => row);
    }
    return all;
  }

  async empty(): Promise<void> {
    await this.pool.query(`truncate ${this.projection.tables.map((table) => `${this.schema}.${table}`).join(', ')}`);
    this.position = START;
    this.restart();
  }

  #statements(client: pg.PoolClient, sent: { queries: number }): PageDb {
    // One after the other: a session of a pool is no pipeline, as the projector's is.
    let turn: Promise<unknown> = Promise.resolve();
    return new ProjectionStatements(this.schema).on({
      query: ({ name, ...statement }) => {
        sent.queries += 1;
        const named = name === undefined ? statement : { ...statement, name: `${this.schema}-${name}` };
        const done = turn.then(() => client.query(named));
        turn = done.catch(() => undefined);
        return done;
      },
    });
  }
}

/**
 * As one statement, of which no part sees another. It must touch as many rows as its parts do one after the other: Postgres passes
 * over the second of two writes of one row without a word.
 */
async function writeAtOnce(client: pg.PoolClient, writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return;
  const counted: Write[] = [];
  await client.query('savepoint before');
  for (const { name, text, values, must } of writes) {
    const returning = /\breturning\b/.test(text) ? text : `${text} returning true`;
    const { rowCount } = await client.query(returning, values);
    const otherwise = (): Error => new Error(name);
    counted.push({ name, text: returning, values, must: must ?? { rows: rowCount ?? 0, otherwise } });
  }
  await client.query('rollback to savepoint before');
  await client.query(oneStatement({ text: 'select', parameters: 0 }, counted), valuesOf(counted));
}
