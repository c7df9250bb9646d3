/** Dropping builds that nobody needs any more. Readers of the active one are never in the way, nor waited for. */
import type pg from 'pg';
import type { BuildId } from './registry.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { inTransaction, lockModel } from './prepare-model.js';
import { schemaName } from '../projecting/projection.js';

/** How long a drop waits for somebody who is still reading; another try comes soon. */
const LOCK_MS = 1_000;

const EXPIRED = `
  select b.model as name, b.number as build
  from orderlog.builds b
  join unnest($1::text[], $2::integer[]) as own (model, version) on own.model = b.model
  left join orderlog.checkpoints c on c.model = b.model and c.build = b.number
  where b.kept_until < clock_timestamp() and (b.state = 'standby' or b.version < own.version
    -- An older version is read as long as one of its processes is there: then that projects it.
    and (c.lease_until is null or c.lease_until < clock_timestamp() - interval '1 minute'))`;

/** Drops the builds whose time is over. What is in use at the moment is left for the next time. */
export async function dropExpired(
  pool: pg.Pool,
  projections: readonly { readonly name: string; readonly version: number }[],
  log: ProjectorLog,
): Promise<void> {
  const values = [projections.map(({ name }) => name), projections.map(({ version }) => version)];
  const { rows } = await pool.query<BuildId>({ name: 'builds-expired', text: EXPIRED, values });
  for (const build of rows) {
    if (await dropBuild(pool, build, 'kept_until < clock_timestamp()')) {
      log.info({ model: build.name, version: build.build }, 'a build was dropped: its time is over');
    }
  }
}

/**
 * Schema, checkpoint and entry in one transaction.
 * @param condition on the entry, looked at once nobody else can change it
 * @returns false when it was not so any more, or somebody is in the way
 */
export async function dropBuild(pool: pg.Pool, { name, build }: BuildId, condition: string): Promise<boolean> {
  try {
    return await inTransaction(pool, async (client) => {
      await client.query(`set local lock_timeout = ${LOCK_MS}`);
      await lockModel(client, name);
      const { rowCount } = await client.query(
        `delete from orderlog.builds where model = $1 and number = $2 and (${condition})`,
        [name, build],
      );
      if (rowCount === 0) return false;
      await client.query('delete from orderlog.checkpoints where model = $1 and build = $2', [name, build]);
      await client.query(`drop schema if exists ${schemaName(name, build)} cascade`);
      await client.query(`drop schema if exists ${stagingName(name, build)} cascade`);
      return true;
    });
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

/** Every build and every snapshot, of whatever version, and what else holds places: their log is not the log any more. */
export async function dropAllBuilds(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(nspname) as name from pg_namespace
     where nspname like 'rm\\_%' or nspname like 'staging\\_%' or nspname like 'asof\\_%'`,
  );
  for (const { name } of rows) await client.query(`drop schema ${name} cascade`);
  for (const table of ['checkpoints', 'builds', 'as_of_builds', 'log_times']) {
    await client.query(`delete from orderlog.${table}`);
  }
}

const LOCK_NOT_AVAILABLE = '55P03';

/** Where a build that is being made keeps what only the making needs. */
export function stagingName(name: string, build: number): string {
  return `staging_${name.replaceAll('-', '_')}_v${build}`;
}
