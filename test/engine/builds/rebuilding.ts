/** Rebuilds in tests: on the runtime of an application, or as a process of its own would have it. */
import type { RebuildDeps } from '../../../src/engine/builds/follow-build.js';
import type pg from 'pg';
import { projections } from '../../../projections/index.js';
import { type AnyProjection, schemaName } from '../../../src/engine/projecting/projection.js';
import { rebuild, type RebuildOptions, type Rebuilt } from '../../../src/engine/builds/rebuild.js';

const nothing = (): void => undefined;
export const quiet = { info: nothing, warn: nothing, error: nothing };

export function rebuildAll(
  deps: Omit<RebuildDeps, 'log'>,
  options: Partial<RebuildOptions> = {},
  models: readonly AnyProjection[] = projections,
): Promise<Rebuilt[]> {
  return rebuild({ ...deps, log: quiet }, models, {
    jobs: 2,
    switch: true,
    keepSeconds: 3_600,
    signal: new AbortController().signal,
    stretch: () => undefined,
    done: () => undefined,
    ...options,
  });
}

/** Every row of a build, by table, sorted. */
export async function buildRows(
  pool: pg.Pool,
  { name, tables }: AnyProjection,
  build: number,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `select t::text as row from ${schemaName(name, build)}.${table} t`,
    );
    found[table] = rows.map(({ row }) => row).sort();
  }
  return found;
}

export interface BuildRow {
  readonly model: string;
  readonly number: number;
  readonly state: string;
}

export async function buildsIn(pool: pg.Pool): Promise<BuildRow[]> {
  const { rows } = await pool.query<BuildRow>(
    'select model, number, state from orderlog.builds order by model, number',
  );
  return rows;
}

/** Schemas that only the making of a build needs. */
export async function leftovers(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname ~ '^(staging|verify)_' order by 1`,
  );
  return rows.map(({ name }) => name);
}
