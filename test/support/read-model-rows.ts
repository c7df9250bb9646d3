import type pg from 'pg';
import { projections } from '../../projections/index.js';
import { allBuilds, readBuild } from '../../src/engine/builds/registry.js';
import { schemaName } from '../../src/engine/projecting/projection.js';

/** The schema of the build that is read, and the tables in it. */
async function readSchemas(pool: pg.Pool): Promise<{ schema: string; tables: readonly string[] }[]> {
  const builds = await allBuilds(pool);
  return projections.flatMap((projection) => {
    const read = readBuild(builds, projection);
    return read ? [{ schema: schemaName(read.name, read.build), tables: projection.tables }] : [];
  });
}

/** Every row of every table of every read model, by table, sorted. */
export async function readModelRows(pool: pg.Pool): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { schema, tables } of await readSchemas(pool)) {
    for (const table of tables) {
      const place = `${schema}.${table}`;
      const { rows: all } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${place} t`);
      found[place] = all.map(({ row }) => row).sort();
    }
  }
  return found;
}

/** As an operator may, while no projector runs. */
export async function dropReadModels(pool: pg.Pool): Promise<void> {
  for (const { schema } of await readSchemas(pool)) await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.query('DELETE FROM orderlog.checkpoints');
}
