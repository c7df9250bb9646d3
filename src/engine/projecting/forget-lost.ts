/** What was made from a history that the log has lost, and says something of positions that mean nothing any more. */
import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import { deleteAllAsOfBuilds } from '../builds/as-of-registry.js';
import { dropBuild } from '../builds/drop.js';
import { allBuilds, type BuildId } from '../builds/registry.js';
import { deleteTimes } from '../log/indexed-times.js';
import { allSkips, deleteQuarantined, deleteSkip, type Skip } from '../quarantine/quarantined.js';
import { REACTOR_BUILD } from '../reacting/reactor.js';
import { allCheckpoints, checkpointOf } from './checkpoint-reads.js';
import { resetCheckpoint, stopProjection } from './checkpoints.js';
import { isOfThisLog, lostHistory } from './lost-history.js';
import { inTransaction } from '../postgres/transaction.js';

interface Deps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
}

/**
 * Does nothing unless the log has lost what a build was made from. Otherwise what is read is marked, so that a new build need not get
 * to its position; all other builds of that history go, and so do as-of builds, the index of times and skips of lost events. A reactor
 * of that history starts at the beginning of the log.
 * @returns whether there was something to forget
 */
export async function forgetLostHistory(deps: Deps): Promise<boolean> {
  const { pool } = deps;
  for (const one of await allCheckpoints(pool)) {
    if (one.build === REACTOR_BUILD && !(await isOfThisLog(deps, one))) await startAgain(pool, one);
  }
  const lost = [];
  for (const build of await allBuilds(pool)) if (!(await isOfThisLog(deps, build))) lost.push(build);
  if (lost.length === 0) return false;
  for (const build of lost) {
    if (build.state === 'active') await mark(pool, build);
    else await dropBuild(pool, build, 'not active');
  }
  const skips = await lostSkips(deps);
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ schema: string }>(
      `select quote_ident(nspname) as schema from pg_namespace where nspname like 'asof\\_%'`,
    );
    for (const { schema } of rows) await client.query(`drop schema if exists ${schema} cascade`);
    await deleteAllAsOfBuilds(client);
    await deleteTimes(client);
    for (const skip of skips) await deleteSkip(client, skip);
  });
  return true;
}

function startAgain(pool: pg.Pool, reactor: BuildId): Promise<void> {
  return inTransaction(pool, async (client) => {
    await resetCheckpoint(client, reactor);
    await deleteQuarantined(client, reactor);
  });
}

async function mark(pool: pg.Pool, build: BuildId): Promise<void> {
  const checkpoint = await checkpointOf(pool, build);
  if (checkpoint) await stopProjection(pool, build, lostHistory(checkpoint.position));
}

/** Skips of events that are not where they were: another event may have their revision now, and is not to be left out. */
async function lostSkips({ pool, store }: Deps): Promise<Skip[]> {
  const lost: Skip[] = [];
  for (const skip of await allSkips(pool)) if ((await positionOf(store, skip)) !== skip.position) lost.push(skip);
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
