import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Test } from 'tap';
import { EventStoreUnavailable } from '../../../src/engine/core/errors.js';
import type { AppendResult, EventStore, ExpectedRevision } from '../../../src/engine/core/event-store.js';
import type { JsonObject, NewEvent, RecordedEvent } from '../../../src/engine/core/message.js';
import { bindToLog } from '../../../src/engine/log/log-identity.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { type CopyLogDeps, COPYING } from '../../../src/commands/copy-log.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { movesOver } from '../../support/engine-parts.js';

export function event(data: JsonObject = {}, type = 'Counted'): NewEvent {
  return { id: randomUUID(), type, data, metadata: { schema_version: 1, text: 'naïve ☃', empty: {} } };
}

/** A random history: runs of a few events each, mostly on streams that there are. */
export function history(appends: number, random: () => number): readonly (readonly [string, NewEvent[]])[] {
  const streams = ['categoryTree-main', 'order-1', 'order-a-b', 'user-1', 'userEmail-9f', 'productSku-☃', 'product-1'];
  return Array.from({ length: appends }, (_, i) => {
    const stream = random() < 0.3 ? `order-${i}` : (streams[Math.floor(random() * streams.length)] as string);
    const events = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
      event({ n: i, big: '9007199254740993', text: 'x'.repeat(Math.floor(random() * 2_000)) }),
    );
    return [stream, events] as const;
  });
}

export interface Installation extends CopyLogDeps {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly logId: string;
  /** Writes as another process would that ends when it has. */
  write(appends: readonly (readonly [string, NewEvent[]])[]): Promise<void>;
}

/** A database with a log, as the operation opens it. */
export async function installation(t: Test): Promise<Installation> {
  const database = await testDatabase(t);
  const pool = createPool(database.config, { max: 5, applicationName: COPYING });
  const store = new PostgresEventStore(pool, database.config);
  const write: Installation['write'] = async (appends) => {
    const writer = new PostgresEventStore(pool, database.config);
    for (const [stream, events] of appends) await writer.append(stream, events, 'any');
    await writer.close();
  };
  const first = new PostgresEventStore(pool, database.config);
  const logId = await bindToLog(pool, first);
  await first.close();
  t.teardown(async () => {
    await store.close();
    await pool.end();
  });
  return { database, pool, store, logId, engine: movesOver({ pool, store, logId }), location: null, write };
}

/** What a copy has to have in common with its original. */
export async function contentOf(store: EventStore): Promise<readonly Partial<RecordedEvent>[]> {
  const events: Partial<RecordedEvent>[] = [];
  for await (const { stream, revision, id, type, data, metadata } of store.readAll()) {
    if (!stream.startsWith('log-')) events.push({ stream, revision, id, type, data, metadata });
  }
  return events;
}

/** Another server that fails now and then, before or after an append has taken effect. */
export class FailingStore extends MemoryEventStore {
  failures = 0;

  constructor(private readonly chance: () => number) {
    super();
  }

  override async append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<AppendResult> {
    const luck = this.chance();
    const fail = (): never => {
      this.failures++;
      throw new EventStoreUnavailable('gone');
    };
    if (luck < 0.1) fail();
    const result = await super.append(stream, events, expected);
    if (luck > 0.9) fail();
    return result;
  }
}

/** The same numbers each time. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
