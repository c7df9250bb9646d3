import type pg from 'pg';
import { type AnyProjection, schemaName } from './projection.js';

/**
 * Sees to it that the schema, the tables and the checkpoint of a read model are there; all or nothing, also when several
 * processes try at once. If one of them was dropped, all are made anew, and the log is projected from its start.
 */
export async function prepareModel(pool: pg.Pool, projection: AnyProjection): Promise<void> {
  const { name, version } = projection;
  const schema = schemaName(name, version);
  if (await isPrepared(pool, projection)) return;
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [`orderlog:${schema}`]);
    if (!(await isPrepared(client, projection))) {
      await client.query(`drop schema if exists ${schema} cascade`);
      await client.query(`create schema ${schema}`);
      await client.query(projection.ddl.replaceAll('{schema}', schema));
      await client.query(
        `insert into orderlog.checkpoints (model, version) values ($1, $2)
         on conflict (model, version) do update
         set position = default, events = default, state = default, error = null,
             lease_owner = null, lease_until = null, lease_epoch = checkpoints.lease_epoch + 1`,
        [name, version],
      );
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function isPrepared(db: Pick<pg.ClientBase, 'query'>, { name, version }: AnyProjection): Promise<boolean> {
  const { rows } = await db.query<{ prepared: boolean }>(
    `select to_regnamespace($3) is not null
       and exists (select from orderlog.checkpoints where model = $1 and version = $2) as prepared`,
    [name, version, schemaName(name, version)],
  );
  return rows[0]?.prepared ?? false;
}
