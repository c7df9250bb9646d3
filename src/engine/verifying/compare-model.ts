/** One replayed model: its final rows, counted again, and compared with the live ones. */
import type pg from 'pg';
import { finishLoad, recount } from '../builds/finish.js';
import type { LoadTarget } from '../builds/load-target.js';
import type { EventStore } from '../core/event-store.js';
import type { QuarantinedEvent } from '../quarantine/quarantine.js';
import { bucketsOf, type ComparedTable, comparedTables, differing, fewOf } from './buckets.js';
import { type Difference, resolve } from './differences.js';
import { inSnapshot, type LiveModel } from './live.js';

interface Deps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
}

export interface Replayed {
  readonly live: LiveModel;
  readonly target: LoadTarget;
  /** Where keys wait in what is made here, and do not in the live rows: by stream. */
  readonly held: Map<string, QuarantinedEvent>;
}

export interface Compared {
  readonly recounted: readonly string[];
  readonly differences: readonly Difference[];
}

/** @param cores for one statement */
export async function compareModel(deps: Deps, one: Replayed, cores: number): Promise<Compared> {
  await finishLoad(deps, one.target, {
    ...{ gate: false, indexed: false, cores },
    last: (_client, held) => note(one.held, held),
  });
  const recounted = await recountOf(deps.pool, one.target, cores);
  return { recounted, differences: await compare(deps, one, cores) };
}

export function note(all: Map<string, QuarantinedEvent>, held: readonly QuarantinedEvent[]): Promise<void> {
  for (const one of held) all.set(one.stream, one);
  return Promise.resolve();
}

async function recountOf(pool: pg.Pool, target: LoadTarget, cores: number): Promise<string[]> {
  const miscounted = await inSnapshot(pool, cores, (client) => recount(client, target));
  return miscounted.map(
    ({ table, key, column, found, recounted }) =>
      `${target.projection.name}.${table} ${key}: ${column} is ${found}, counted again ${recounted}`,
  );
}

async function compare(deps: Deps, { live, target }: Replayed, cores: number): Promise<Difference[]> {
  const shapes: Difference[] = [];
  const wanted = await inSnapshot(deps.pool, cores, async (client) => {
    const found = [];
    for (const replayed of await comparedTables(client, target.schema, target.projection.tables)) {
      const table = live.tables.find((one) => one.table === replayed.table);
      const shape = shapeDifference(table, replayed);
      if (shape) shapes.push(shape);
      if (!table || shape) continue;
      const buckets = differing(table.buckets, await bucketsOf(client, target.schema, table));
      if (buckets.length > 0) found.push({ table, buckets: fewOf(buckets, table) });
    }
    return found;
  });
  return wanted.length === 0 ? shapes : [...shapes, ...(await resolve(deps, { live, target, wanted }))];
}

/** Rows can be compared only where the live table is there and has the columns that the projection makes. */
function shapeDifference(live: ComparedTable | undefined, { table, columns }: ComparedTable): Difference | null {
  const [one, other] = [live?.columns.join(', '), columns.join(', ')];
  if (one === other) return null;
  const shown = one === undefined ? 'no such table' : `columns ${one}`;
  return { table, key: '*', column: '*', live: shown, replayed: `columns ${other}`, events: [] };
}
