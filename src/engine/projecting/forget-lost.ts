/** What was made from a history that the log has lost, and says something of positions that mean nothing any more. */
import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import { allBuilds } from '../builds/registry.js';
import { dropBuild } from '../builds/drop.js';
import { isOfThisLog, lostHistory } from './lost-history.js';
import { inTransaction } from '../builds/prepare-model.js';

interface Deps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
}

/**
 * Does nothing unless the log has lost what a build was made from. Otherwise what is read is marked, so that a new build need not get
 * to its position; all other builds of that history go, and so do as-of builds, the index of times and skips of lost events.
 * @returns whether there was something to forget
 */
export async function forgetLostHistory(deps: Deps): Promise<boolean> {
  const { pool } = deps;
  const lost = [];
  for (const build of await allBuilds(pool)) if (!(await isOfThisLog(deps, build))) lost.push(build);
  if (lost.length === 0) return false;
  for (const build of lost) {
    if (build.state === 'active') await mark(pool, build);
    else await dropBuild(pool, build, `state <> 'active'`);
  }
  const skips = await lostSkips(deps);
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ schema: string }>(
      `select quote_ident(nspname) as schema from pg_namespace where nspname like 'asof\\_%'`,
    );
    for (const { schema } of rows) await client.query(`drop schema if exists ${schema} cascade`);
    for (const table of ['as_of_builds', 'log_times']) await client.query(`delete from orderlog.${table}`);
    for (const { model, stream, revision } of skips) {
      await client.query('delete from orderlog.skipped_events where model = $1 and stream = $2 and revision = $3', [
        model,
        stream,
        revision,
      ]);
    }
  });
  return true;
}

async function mark(pool: pg.Pool, { name, build }: { readonly name: string; readonly build: number }): Promise<void> {
  const { rows } = await pool.query<{ position: Position }>(
    'select position from orderlog.checkpoints where model = $1 and build = $2',
    [name, build],
  );
  const [row] = rows;
  if (!row) return;
  await pool.query(
    `update orderlog.checkpoints set state = 'stopped', error = $3, lease_owner = null, lease_until = null,
       lease_epoch = lease_epoch + 1
     where model = $1 and build = $2`,
    [name, build, JSON.stringify(lostHistory(row.position))],
  );
}

interface Skip {
  readonly model: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
}

/** Skips of events that are not where they were: another event may have their revision now, and is not to be left out. */
async function lostSkips({ pool, store }: Deps): Promise<Skip[]> {
  const { rows } = await pool.query<Skip>('select model, stream, revision, position from orderlog.skipped_events');
  const lost: Skip[] = [];
  for (const skip of rows) if ((await positionOf(store, skip)) !== skip.position) lost.push(skip);
  return lost;
}

async function positionOf(store: EventStore, { stream, revision }: Skip): Promise<Position | null> {
  try {
    for await (const event of store.read(stream, { from: revision, limit: 1 })) {
      return event.revision === revision ? event.position : null;
    }
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return null;
}
