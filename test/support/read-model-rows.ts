import type pg from 'pg';
import { projections } from '../../projections/index.js';
import { schemaName } from '../../src/infra/projector/projection.js';

/** Every row of every table of every read model, by table, sorted. */
export async function readModelRows(pool: pg.Pool): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { name, version, tables } of projections) {
    for (const table of tables) {
      const place = `${schemaName(name, version)}.${table}`;
      const { rows: all } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${place} t`);
      found[place] = all.map(({ row }) => row).sort();
    }
  }
  return found;
}

/** As an operator may, while no projector runs. */
export async function dropReadModels(pool: pg.Pool): Promise<void> {
  for (const { name, version } of projections) await pool.query(`DROP SCHEMA ${schemaName(name, version)} CASCADE`);
  await pool.query('DELETE FROM orderlog.checkpoints');
}
