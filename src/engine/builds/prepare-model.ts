import type pg from 'pg';
import { type BuildId, currentBuild } from './registry.js';
import { type AnyProjection, schemaName } from '../projecting/projection.js';

/**
 * Sees to it that there is a build that processes of this projection read, with schema, tables and checkpoint; all or nothing,
 * even when several processes try at once. If a part of it was dropped, all is made again and the log is projected from
 * its start. Where a build of another version is there, a rebuild makes one of this version: null until then.
 */
export async function prepareModel(pool: pg.Pool, projection: AnyProjection): Promise<BuildId | null> {
  const found = await prepared(pool, projection);
  if (found?.whole) return found;
  return inTransaction(pool, async (client) => {
    await lockModel(client, projection.name);
    const now = await prepared(client, projection);
    if (now?.whole) return now;
    if (now) {
      await makeTables(client, projection, now);
      return now;
    }
    if (await isServedByOthers(client, projection)) return null;
    const made = await addBuild(client, projection, 'active');
    await makeTables(client, projection, made);
    return made;
  });
}

/** Serialises what changes the registry for a model, until the transaction is over. */
export async function lockModel(client: pg.ClientBase, name: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtext($1))', [`orderlog:rm:${name}`]);
}

/** A new entry with a number that no build of the model has, nor a schema that was left behind. */
export async function addBuild(
  client: pg.ClientBase,
  { name, version }: AnyProjection,
  state: 'building' | 'active',
): Promise<BuildId> {
  const { rows } = await client.query<{ build: number }>(
    `insert into orderlog.builds (model, number, version, state, switched_at)
     select $1, 1 + greatest(
         (select max(number) from orderlog.builds where model = $1),
         (select max(substring(nspname from '_v(\\d+)$')::int) from pg_namespace where nspname ~ $4), 0),
       $2, $3, case when $3 = 'active' then clock_timestamp() end
     returning number as build`,
    [name, version, state, `^${schemaName(name, 0).slice(0, -1)}\\d+$`],
  );
  return { name, build: rows[0]?.build as number };
}

/** Empty tables and a checkpoint at the start of the log, instead of what may be there. */
export async function makeTables(
  client: pg.ClientBase,
  projection: AnyProjection,
  { name, build }: BuildId,
  { indexed = true }: { readonly indexed?: boolean } = {},
): Promise<void> {
  const schema = schemaName(name, build);
  await client.query(`drop schema if exists ${schema} cascade`);
  await client.query(`create schema ${schema}`);
  await client.query(projection.ddl.replaceAll('{schema}', schema));
  if (indexed && projection.indexes) await client.query(projection.indexes.replaceAll('{schema}', schema));
  await client.query(
    `insert into orderlog.checkpoints (model, build) values ($1, $2)
     on conflict (model, build) do update
     set position = default, events = default, state = default, error = null, quarantined = default,
         lease_owner = null, lease_until = null, lease_epoch = checkpoints.lease_epoch + 1, subscription = null`,
    [name, build],
  );
  await client.query('delete from orderlog.quarantine where model = $1 and build = $2', [name, build]);
}

/** @throws whatever the work throws, with nothing changed */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function prepared(
  db: Pick<pg.ClientBase, 'query'>,
  projection: AnyProjection,
): Promise<(BuildId & { readonly whole: boolean }) | null> {
  const { name, version } = projection;
  // What is only read, of an older version, is not this projection's to make.
  const { rows } = await db.query<{ build: number | null; schema: string | null; checkpoint: boolean }>(
    `select b.build, to_regnamespace(regexp_replace($2, '0$', b.build::text)) as schema,
       exists (select from orderlog.checkpoints where model = $1 and build = b.build) as checkpoint
     from (select ${currentBuild({ name, version })} as build) b`,
    [name, schemaName(name, 0)],
  );
  const { build, schema, checkpoint } = rows[0] as NonNullable<(typeof rows)[0]>;
  return build === null ? null : { name, build, whole: schema !== null && checkpoint };
}

async function isServedByOthers(client: pg.ClientBase, { name }: AnyProjection): Promise<boolean> {
  const { rowCount } = await client.query(`select from orderlog.builds where model = $1 and state = 'active' limit 1`, [
    name,
  ]);
  return rowCount !== 0;
}
