import type pg from 'pg';
import { activeBuilds, addBuild, type BuildId, currentBuild, lockModel } from './registry.js';
import { hasCheckpoint } from '../projecting/checkpoint-reads.js';
import { inTransaction } from '../postgres/transaction.js';
import { resetCheckpoint } from '../projecting/checkpoints.js';
import { type AnyProjection, schemaName } from '../projecting/projection.js';
import { deleteQuarantined } from '../quarantine/quarantined.js';

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
    if ((await activeBuilds(client, projection.name, Infinity)).length > 0) return null;
    const made = await newBuild(client, projection, 'active');
    await makeTables(client, projection, made);
    return made;
  });
}

export function newBuild(
  client: pg.ClientBase,
  projection: AnyProjection,
  state: 'building' | 'active',
): Promise<BuildId> {
  return addBuild(client, projection, state, `^${schemaName(projection.name, 0).slice(0, -1)}\\d+$`);
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
  await resetCheckpoint(client, { name, build });
  await deleteQuarantined(client, { name, build });
}

async function prepared(
  db: Pick<pg.ClientBase, 'query'>,
  projection: AnyProjection,
): Promise<(BuildId & { readonly whole: boolean }) | null> {
  const { name, version } = projection;
  // What is only read, of an older version, is not this projection's to make.
  const { rows } = await db.query<{ build: number | null; schema: string | null; checkpoint: boolean }>(
    `select b.build, to_regnamespace(regexp_replace($2, '0$', b.build::text)) as schema,
       ${hasCheckpoint('$1', 'b.build')} as checkpoint
     from (select ${currentBuild({ name, version })} as build) b`,
    [name, schemaName(name, 0)],
  );
  const { build, schema, checkpoint } = rows[0] as NonNullable<(typeof rows)[0]>;
  return build === null ? null : { name, build, whole: schema !== null && checkpoint };
}
