/** Dropping builds that nobody needs any more. Readers of the active one are never in the way, nor waited for. */
import type pg from 'pg';
import { deleteTimes } from '../log/indexed-times.js';
import { isAbandoned } from '../projecting/checkpoint-reads.js';
import { deleteAllCheckpoints, deleteCheckpoint } from '../projecting/checkpoints.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { deleteAllAsOfBuilds } from './as-of-registry.js';
import { isLockRefused } from '../postgres/errors.js';
import { inTransaction } from '../postgres/transaction.js';
import {
  type BuildId,
  deleteAllBuilds,
  deleteBuild,
  type Droppable,
  expiredBuilds,
  lockModel,
  type Readable,
} from './registry.js';
import { schemaName } from '../projecting/projection.js';

/** How long a drop waits for somebody who is still reading; another try comes soon. */
const LOCK_MS = 1_000;

/** Drops the builds whose time is over. What is in use at the moment is left for the next time. */
export async function dropExpired(pool: pg.Pool, projections: readonly Readable[], log: ProjectorLog): Promise<void> {
  for (const build of await expiredBuilds(pool, projections)) {
    // An older version is read as long as one of its processes is there: that process projects it.
    if (build.state !== 'standby' && !(await isAbandoned(pool, build))) continue;
    if (await dropBuild(pool, build, 'expired')) {
      log.info({ model: build.name, version: build.build }, 'a build was dropped: its time is over');
    }
  }
}

/**
 * Schema, checkpoint and entry in one transaction.
 * @param when what its entry must be, looked at once nobody else can change it
 * @returns false when it was not so any more, or somebody is in the way
 */
export async function dropBuild(pool: pg.Pool, { name, build }: BuildId, when: Droppable): Promise<boolean> {
  try {
    return await inTransaction(pool, async (client) => {
      await client.query(`set local lock_timeout = ${LOCK_MS}`);
      await lockModel(client, name);
      if (!(await deleteBuild(client, { name, build }, when))) return false;
      await deleteCheckpoint(client, { name, build });
      await client.query(`drop schema if exists ${schemaName(name, build)} cascade`);
      await client.query(`drop schema if exists ${stagingName(name, build)} cascade`);
      return true;
    });
  } catch (error) {
    if (isLockRefused(error)) return false;
    throw error;
  }
}

/** Every build and as-of build, of any version, and the index of times: they hold positions of a log that is not the log any more. */
export async function dropAllBuilds(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(nspname) as name from pg_namespace
     where nspname like 'rm\\_%' or nspname like 'staging\\_%' or nspname like 'asof\\_%'`,
  );
  for (const { name } of rows) await client.query(`drop schema ${name} cascade`);
  for (const deleteAll of [deleteAllCheckpoints, deleteAllBuilds, deleteAllAsOfBuilds, deleteTimes])
    await deleteAll(client);
}

/** Where a build that is being made keeps what only the making needs. */
export function stagingName(name: string, build: number): string {
  return `staging_${name.replaceAll('-', '_')}_v${build}`;
}
