/** From buckets that differ to keys, columns, both values, and the events of the key. */
import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import { makeIndexes } from '../builds/finish.js';
import type { LoadTarget } from '../builds/load-target.js';
import { inTransaction } from '../postgres/transaction.js';
import { type ComparedTable, rowsIn, type TextRow } from './buckets.js';
import { inSnapshot, type LiveModel, liveRows } from './live.js';
import { project } from './project-on.js';

export interface SourceEvent {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly position: Position;
  readonly recorded_at: string;
}

export interface Difference {
  readonly table: string;
  readonly key: string;
  /** `*` where the whole row is missing on one side. */
  readonly column: string;
  readonly live: string | null;
  readonly replayed: string | null;
  /** What the row is made from, the latest last. */
  readonly events: readonly SourceEvent[];
}

interface Differing {
  readonly live: LiveModel;
  readonly target: LoadTarget;
  readonly wanted: readonly { readonly table: ComparedTable; readonly buckets: readonly number[] }[];
}

/** What is told of one table at most. */
const MOST_KEYS = 200;
const MOST_EVENTS = 20;

/**
 * The live rows of the buckets are read again, in a snapshot of their own, and the replayed ones are brought to the same position.
 * A row that an event has put right meanwhile is still told, as one of its bucket.
 */
export async function resolve(
  { pool, store }: { readonly pool: pg.Pool; readonly store: EventStore },
  { live, target, wanted }: Differing,
): Promise<Difference[]> {
  const now = await liveRows(pool, live, wanted);
  // The ordinary path looks rows up by their keys, and nothing else here does.
  if (now.position > live.position) await inTransaction(pool, (client) => makeIndexes(client, target));
  await project(pool, store, target, { from: live.position, until: now.position });
  const differences: Difference[] = [];
  for (const [i, { table, buckets }] of wanted.entries()) {
    const replayed = await inSnapshot(pool, 1, (client) => rowsIn(client, target.schema, table, buckets));
    const found = differencesOf(table, now.rows[i] ?? new Map<string, TextRow>(), replayed);
    for (const one of found) differences.push({ ...one, events: await sources(store, target, one) });
    if (found.length > 0) continue;
    const gone = { table: table.table, key: `one of bucket ${buckets.join(', ')}`, column: '*' };
    differences.push({ ...gone, live: 'differed, and has been written since', replayed: null, events: [] });
  }
  return differences;
}

function differencesOf(
  { table, columns }: ComparedTable,
  live: ReadonlyMap<string, TextRow>,
  replayed: ReadonlyMap<string, TextRow>,
): Omit<Difference, 'events'>[] {
  const differences: Omit<Difference, 'events'>[] = [];
  const keys = [...new Set([...live.keys(), ...replayed.keys()])].sort();
  let told = 0;
  for (const key of keys) {
    const [one, other] = [live.get(key), replayed.get(key)];
    const before = differences.length;
    if (!one || !other) {
      const text = (row: TextRow | undefined): string | null => (row ? JSON.stringify(row) : null);
      differences.push({ table, key, column: '*', live: text(one), replayed: text(other) });
    } else {
      for (const column of columns) {
        const [a, b] = [one[column] ?? null, other[column] ?? null];
        if (a !== b) differences.push({ table, key, column, live: a, replayed: b });
      }
    }
    if (differences.length > before && ++told >= MOST_KEYS) break;
  }
  return differences;
}

async function sources(
  store: EventStore,
  { projection }: LoadTarget,
  { table, key }: Pick<Difference, 'table' | 'key'>,
): Promise<SourceEvent[]> {
  const source = projection.bulk.sources[table];
  if (!source) return [];
  const events: SourceEvent[] = [];
  try {
    for await (const { stream, revision, type, position, recordedAt, data } of store.read(source.stream(key))) {
      if (source.isAbout && !source.isAbout(data, key)) continue;
      events.push({ stream, revision, type, position, recorded_at: recordedAt });
      if (events.length > MOST_EVENTS) events.shift();
    }
  } catch (error) {
    // A row of something that there never was.
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return events;
}
