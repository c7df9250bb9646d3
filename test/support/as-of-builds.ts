import type pg from 'pg';
import { projections } from '../../projections/index.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import { dropRemains } from '../../src/engine/builds/as-of-drop.js';
import { type AsOfDeps, AsOfBuilds } from '../../src/engine/builds/as-of-builds.js';
import { asOfSchema } from '../../src/engine/builds/as-of-registry.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** As a process of its own would have them; nothing is dropped for its age or size. */
export function asOfBuildsOn(pool: pg.Pool, store: EventStore, options: Partial<AsOfDeps> = {}): AsOfBuilds {
  const keep = { keepSeconds: 3_600, maxBytes: 1024 ** 3 };
  return new AsOfBuilds({ pool, store, projections, keep, log: silent, ...options });
}

/** Every row of every table of an as-of build, by table, in one order. */
export async function asOfRows(
  pool: pg.Pool,
  build: { readonly model: string; readonly number: number },
): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of projections.find(({ name }) => name === build.model)?.tables ?? []) {
    const { rows } = await pool.query<{ row: unknown }>(
      `select to_jsonb(t) as row from ${asOfSchema(build)}.${table} t order by to_jsonb(t)::text`,
    );
    all[table] = rows.map(({ row }) => row);
  }
  return all;
}

/** As an operator has it done. */
export async function skipEvents(pool: pg.Pool, model: string, events: readonly RecordedEvent[]): Promise<void> {
  for (const { stream, revision, position, type } of events) {
    await pool.query(
      `insert into orderlog.skipped_events (model, stream, revision, position, type, message, reason)
       values ($1, $2, $3, $4, $5, 'it can not be applied', 'a test') on conflict do nothing`,
      [model, stream, revision, position, type],
    );
  }
}

/** As a crash of the database has it, but for the schemas: those are dropped too. */
export async function forgetAsOfBuilds(pool: pg.Pool): Promise<void> {
  await pool.query('truncate orderlog.as_of_builds');
  await dropRemains(pool);
}

export async function asOfSchemas(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname like 'asof\\_%' order by 1`,
  );
  return rows.map(({ name }) => name);
}
