/**
 * Rebuilds read models in the background, then switches to them (docs/decisions/0010). Resumes what an earlier run was killed in.
 * The numbered steps are those of the decision.
 */
import { hasBulk, type LoadTarget } from './load-target.js';
import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import { coresToUse, shareOf } from './cores.js';
import { finishLoad, GateFailed, isIntact, LoadLost, makeLoadTables, OrphanedEvent, rowsOf } from './finish.js';
import { loadLog } from './load.js';
import { allCheckpoints, checkpointOf } from '../projecting/checkpoint-reads.js';
import { fence, moveLoaded, TOUCHED } from '../projecting/checkpoints.js';
import { allBuilds, type Build, type BuildId, lockModel, setBuilt } from './registry.js';
import { dropBuild, stagingName } from './drop.js';
import { forgetLostHistory } from '../projecting/forget-lost.js';
import { followTo, type RebuildDeps } from './follow-build.js';
import { forEachInFlight } from '../in-flight.js';
import { withModelLocks } from './model-locks.js';
import { makeTables, newBuild } from './prepare-model.js';
import { inTransaction } from '../postgres/transaction.js';
import { type AnyProjection, schemaName } from '../projecting/projection.js';
import type { Quarantine } from '../quarantine/quarantine.js';
import { quarantinedIn, quarantineOf, writeQuarantined } from '../quarantine/quarantined.js';
import { switchTo } from './switch.js';
import { refuseWorse, WorseThanLive } from './worse-than-live.js';

export interface RebuildOptions {
  /** How many models are finished at the same time; null: as many as `coresToUse` says. */
  readonly jobs: number | null;
  /** Otherwise the builds are left ready, for the next run to follow on with and switch to. */
  readonly switch: boolean;
  /** For how long the build that was read before is kept. */
  readonly keepSeconds: number;
  readonly signal: AbortSignal;
  /** A new stretch of work, of so many events or models; null where it is not known. */
  readonly stretch: (what: string, total: number | null) => void;
  /** So many of them are committed. */
  readonly done: (by: number) => void;
}

export interface Rebuilt {
  readonly name: string;
  /** The number of the build. */
  readonly version: number;
  /** That have taken effect in it. */
  readonly events: number;
  readonly rows: number;
  readonly seconds: number;
  readonly switched: boolean;
}

interface Making extends BuildId {
  readonly projection: AnyProjection;
  /** Null without a bulk path. */
  readonly target: LoadTarget | null;
  state: Build['state'];
}

/** @throws ModelBusy, GateFailed, LoadLost, OrphanedEvent, WorseThanLive, and what stops a projection. The active builds are untouched then */
export async function rebuild(
  deps: RebuildDeps,
  projections: readonly AnyProjection[],
  options: RebuildOptions,
): Promise<Rebuilt[]> {
  const begun = performance.now();
  const names = projections.map(({ name }) => name);
  return withModelLocks(deps.pool, names, async (held) => {
    const signal = AbortSignal.any([options.signal, held]);
    // 0. What was made from a history that the log has lost is neither resumed nor waited for.
    const isLost = await forgetLostHistory(deps);
    if (isLost) deps.log.warn({}, 'the log has lost a part of its history: read models forget it');
    // 1. An entry and tables for each; or what an earlier run has left.
    const makings: Making[] = [];
    for (const projection of projections) makings.push(await begin(deps, projection));
    try {
      // 2. The log, once for all.
      await load(deps, makings, { ...options, signal });
      // 3. Final rows, indexes, gate.
      await finish(deps, makings, options);
      // 4 and 5. Each follows and is switched to.
      const rebuilt = await followAndSwitch(deps, makings, { ...options, signal }, begun);
      // 6. A build of the lost history is of no use for a rollback.
      if (isLost) await forgetLostHistory(deps);
      return rebuilt;
    } catch (error) {
      await discard(deps.pool, makings, error);
      throw error;
    }
  });
}

/** Resumes what an unfinished run has left of this version, and drops anything older: nobody works on it. */
async function begin({ pool, log }: RebuildDeps, projection: AnyProjection): Promise<Making> {
  const { name, version } = projection;
  const left = (await allBuilds(pool)).filter(
    (one) => one.name === name && (one.state === 'building' || one.state === 'ready'),
  );
  const candidate = left.findLast((one) => one.version === version);
  const resumed = candidate && (await isWhole(pool, projection, candidate)) ? candidate : undefined;
  for (const one of left) if (one !== resumed) await dropBuild(pool, one, 'candidate');
  const build = resumed ?? (await make(pool, projection));
  const { position, state } = await takeOver(pool, build);
  if (resumed) log.info({ model: name, version: build.build, state }, 'a rebuild is resumed');
  const quarantine = await quarantineOf(pool, build, projection);
  const target = hasBulk(projection) ? targetOf(projection, build, position, quarantine) : null;
  return { name, build: build.build, projection, target, state };
}

/** False for a load that a crash of the database has taken a part of, or in which keys wait. */
async function isWhole(pool: pg.Pool, projection: AnyProjection, { name, build, state }: Build): Promise<boolean> {
  if (state === 'ready' || !hasBulk(projection)) return true;
  // What waits there waited for the code of then.
  if ((await quarantinedIn(pool, { name, build })).length > 0) return false;
  return isIntact(pool, stagingName(name, build));
}

/**
 * Where the build is, once nothing is under way on it any more: the last commit of a process that was killed may still be on
 * its way, but then it holds the checkpoint's row.
 */
async function takeOver(
  pool: pg.Pool,
  { name, build }: BuildId,
): Promise<{ position: Position; state: Build['state'] }> {
  const position = await fence(pool, { name, build });
  const entry = (await allBuilds(pool)).find((one) => one.name === name && one.build === build);
  if (position === null || !entry) throw new Error(`build ${build} of ${name} was dropped meanwhile`);
  return { position, state: entry.state };
}

function make(pool: pg.Pool, projection: AnyProjection): Promise<BuildId> {
  return inTransaction(pool, async (client) => {
    await lockModel(client, projection.name);
    const build = await newBuild(client, projection, 'building');
    await makeTables(client, projection, build, { indexed: !hasBulk(projection) });
    if (hasBulk(projection))
      await makeLoadTables(client, { projection, staging: stagingName(build.name, build.build) });
    return build;
  });
}

function targetOf(
  projection: LoadTarget['projection'],
  { name, build }: BuildId,
  from: Position,
  quarantine: Quarantine,
): LoadTarget {
  return {
    projection,
    schema: schemaName(name, build),
    staging: stagingName(name, build),
    from,
    quarantine,
    async committing(client, { position, events, held }): Promise<void> {
      const isThere = await moveLoaded(client, { name, build }, position, events);
      if (!isThere) throw new Error(`build ${build} of ${name} was dropped while it was made`);
      await writeQuarantined(client, { name, build }, held);
    },
  };
}

async function load(
  { pool, store }: RebuildDeps,
  makings: readonly Making[],
  { signal, stretch, done }: RebuildOptions,
): Promise<void> {
  const targets = makings.flatMap(({ state, target }) => (state === 'building' && target ? [target] : []));
  if (targets.length === 0) return;
  stretch('events', await expected(pool, makings));
  // What is written from here on, they follow: others may write faster than this reads.
  const until = await store.head();
  await loadLog({ pool, store, targets, until, signal, committed: done });
}

/** As many as took effect in what is read now, less those that an earlier run has committed. Null: there is nothing to tell it by. */
async function expected(pool: pg.Pool, makings: readonly Making[]): Promise<number | null> {
  const all = await allCheckpoints(pool);
  const ahead = makings.flatMap(({ name, build }) => {
    const own = all.find((one) => one.name === name && one.build === build);
    const live = all.filter((one) => one.name === name && one.buildState === 'active').map(({ events }) => events);
    return own && live.length > 0 ? [Math.max(0, Math.max(...live) - own.events)] : [];
  });
  return ahead.reduce((sum, one) => sum + one, 0) || null;
}

async function finish(deps: RebuildDeps, makings: readonly Making[], options: RebuildOptions): Promise<void> {
  const unfinished = makings.filter(({ state, target }) => state === 'building' && target);
  if (unfinished.length === 0) return;
  options.stretch('models finished', unfinished.length);
  const cores = options.jobs === null ? await coresToUse(deps.pool) : 1;
  let left = unfinished.length;
  await forEachInFlight(unfinished, options.jobs ?? cores, async (making) => {
    options.signal.throwIfAborted();
    await finishLoad(deps, making.target as LoadTarget, {
      cores: shareOf(cores, left),
      async last(client, held): Promise<void> {
        await writeQuarantined(client, making, held);
        await setReady(client, making);
      },
    });
    making.state = 'ready';
    left -= 1;
    options.done(1);
  });
}

async function setReady(db: Pick<pg.ClientBase, 'query'>, { name, build, projection }: Making): Promise<void> {
  // The checkpoint's row as well: see takeOver.
  const isThere = await setBuilt(db, { name, build }, TOUCHED);
  if (!isThere) throw new Error(`build ${build} of ${name} was dropped while it was made`);
  // Told early; what it meets from here on, the switch looks at.
  await refuseWorse(db, { name, build, version: projection.version });
}

async function followAndSwitch(
  deps: RebuildDeps,
  makings: readonly Making[],
  options: RebuildOptions,
  begun: number,
): Promise<Rebuilt[]> {
  const { pool } = deps;
  options.stretch('models at the head', makings.length);
  return followTo(deps, makings, options.signal, async (atTheHead) => {
    const rebuilt: Rebuilt[] = [];
    for (const making of makings) {
      await atTheHead(making);
      if (making.state === 'building') await setReady(pool, making);
      making.state = 'ready';
      let switched = false;
      while (options.switch && !switched) {
        options.signal.throwIfAborted();
        const { version } = making.projection;
        switched = await switchTo(pool, { name: making.name, build: making.build, version }, options.keepSeconds);
        if (!switched) await atTheHead(making);
      }
      const checkpoint = await checkpointOf(pool, making);
      const rows = await inTransaction(pool, (client) =>
        rowsOf(client, { projection: making.projection, schema: schemaName(making.name, making.build) }),
      );
      const seconds = Math.round(performance.now() - begun) / 1_000;
      rebuilt.push({
        ...{ name: making.name, version: making.build, events: checkpoint?.events ?? 0 },
        ...{ rows, seconds, switched },
      });
      options.done(1);
    }
    return rebuilt;
  });
}

/** What can't become right by going on is dropped; anything else is left for the next run. */
async function discard(pool: pg.Pool, makings: readonly Making[], error: unknown): Promise<void> {
  if (![GateFailed, LoadLost, OrphanedEvent, WorseThanLive].some((one) => error instanceof one)) return;
  const unused = error instanceof WorseThanLive ? 'candidate' : 'loading';
  for (const making of makings) await dropBuild(pool, making, unused);
}
