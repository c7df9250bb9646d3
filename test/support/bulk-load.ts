import type { LoadTarget } from '../../src/engine/builds/load-target.js';
import type pg from 'pg';
import { finishLoad, makeLoadTables } from '../../src/engine/builds/finish.js';
import { loadLog } from '../../src/engine/builds/load.js';
import {
  type EventStore,
  matches,
  type ReadAllOptions,
  type ReadOptions,
  START,
} from '../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import type { AnyProjection } from '../../src/engine/projecting/projection.js';
import { Quarantine } from '../../src/engine/quarantine/quarantine.js';
import { ProjectionUnderTest } from './project.js';

/** A log that holds these events, for reading alone. */
function logOf(events: readonly RecordedEvent[]): EventStore {
  async function* readAll({
    from = '' as never,
    until,
    filter,
    limit,
  }: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const all = events.filter(
      (event) => event.position > from && (until === undefined || event.position <= until) && matches(event, filter),
    );
    yield* await Promise.resolve(all.slice(0, limit));
  }
  async function* read(stream: string, { from = 0, limit }: ReadOptions = {}): AsyncGenerator<RecordedEvent> {
    const all = events.filter((event) => event.stream === stream && event.revision >= from);
    yield* await Promise.resolve(all.slice(0, limit));
  }
  return { readAll, read } as unknown as EventStore;
}

/** The bulk path in several runs, each of which begins where the one before it ended. */
export async function loaded(
  db: pg.Pool,
  projection: AnyProjection,
  events: readonly RecordedEvent[],
  ends: readonly number[],
  quarantine = new Quarantine(projection.keyedBy),
): Promise<Record<string, unknown[]>> {
  const schema = 'bulk';
  await db.query(`drop schema if exists ${schema} cascade`);
  const under = await ProjectionUnderTest.create(db, { ...projection, indexes: '' }, schema);
  if (!projection.bulk) throw new Error(`${projection.name} has no bulk path`);
  const target: LoadTarget = {
    projection: { ...projection, bulk: projection.bulk },
    schema,
    staging: 'staging',
    from: START,
    quarantine,
  };
  const client = await db.connect();
  await makeLoadTables(client, target);
  client.release();
  let from = target.from;
  for (const end of [...ends, events.length]) {
    const until = events[Math.min(end, events.length) - 1]?.position ?? from;
    const options = { pool: db, store: logOf(events), until, signal: new AbortController().signal };
    await loadLog({ ...options, targets: [{ ...target, from }] });
    from = until > from ? until : from;
  }
  await finishLoad({ pool: db, store: logOf(events) }, target);
  return under.rows();
}
