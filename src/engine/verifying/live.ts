/** What is read of the live models: each time in one snapshot, which is over before anything else is done. */
import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import type { StopReason } from '../projecting/checkpoints.js';
import { bulkSettings } from '../builds/cores.js';
import { allBuilds, type Build, type BuildId, readBuild } from '../builds/registry.js';
import { allCheckpoints, checkpointOf } from '../projecting/checkpoint-reads.js';
import { REACTOR_BUILD } from '../reacting/reactor.js';
import { sessionBeside } from '../postgres/session.js';
import { type AnyProjection, schemaName } from '../projecting/projection.js';
import { type QuarantineEntry, quarantinedIn, type Skipped, skippedOf } from '../quarantine/quarantined.js';
import { type Buckets, bucketsOf, type ComparedTable, comparedTables, rowsIn, type TextRow } from './buckets.js';

/** A live model at the moment of the snapshot. */
export interface LiveModel {
  readonly projection: AnyProjection;
  readonly build: BuildId;
  readonly position: Position;
  readonly rows: number;
  /** The keys that wait, and where. */
  readonly held: readonly QuarantineEntry[];
  readonly skipped: readonly Skipped[];
  readonly tables: readonly (ComparedTable & { readonly buckets: Buckets })[];
}

export interface LiveSnapshot {
  readonly models: readonly LiveModel[];
  /** Models that can't be compared, and why. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
  /** Of all builds and reactors that follow the log. */
  readonly checkpoints: readonly LiveCheckpoint[];
}

interface LiveCheckpoint extends BuildId {
  readonly position: Position;
  /** Why its projection has stopped there; null if it has not. */
  readonly stopped: StopReason | null;
}

/** @param cores for one statement */
export async function inSnapshot<T>(pool: pg.Pool, cores: number, read: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = sessionBeside(pool, 'work');
  await client.connect();
  try {
    await client.query(bulkSettings(cores));
    await client.query('begin isolation level repeatable read read only');
    const result = await read(client);
    await client.query('commit');
    return result;
  } finally {
    await client.end();
  }
}

/** Checksums of all rows with the checkpoints that they belong to. */
export function snapshotOf(pool: pg.Pool, cores: number, projections: readonly AnyProjection[]): Promise<LiveSnapshot> {
  return inSnapshot(pool, cores, async (client) => {
    const builds = await allBuilds(client);
    const models: LiveModel[] = [];
    const left: { name: string; reason: string }[] = [];
    for (const projection of projections) {
      const build = readBuild(builds, projection);
      const reason = whyNot(projection, build);
      if (reason !== null || !build) left.push({ name: projection.name, reason: reason ?? '' });
      else models.push(await liveModel(client, projection, build));
    }
    const checkpoints = (await allCheckpoints(client))
      .filter(({ build, buildState }) => buildState !== null || build === REACTOR_BUILD)
      .map(({ name, build, position, error }) => ({ name, build, position, stopped: error }));
    return { models, left, checkpoints };
  });
}

/** The rows of some buckets, as they are now, with the position they belong to. */
export function liveRows(
  pool: pg.Pool,
  { build, held }: LiveModel,
  wanted: readonly { readonly table: ComparedTable; readonly buckets: readonly number[] }[],
): Promise<{ position: Position; rows: ReadonlyMap<string, TextRow>[] }> {
  return inSnapshot(pool, 1, async (client) => {
    const position = await checkpointPositionOf(client, build);
    const waiting = await quarantinedIn(client, build);
    if (JSON.stringify(waiting) !== JSON.stringify(held)) throw new ChangedMeanwhile(build.name);
    const rows = [];
    for (const { table, buckets } of wanted) {
      rows.push(await rowsIn(client, schemaName(build.name, build.build), table, buckets));
    }
    return { position, rows };
  });
}

function whyNot({ version, bulk }: AnyProjection, build: Build | null): string | null {
  if (!build) return 'it has not been made yet';
  if (build.version !== version)
    return `it was made by version ${build.version} of its projection, and this is ${version}`;
  return bulk ? null : 'it has no bulk path';
}

async function liveModel(client: pg.Client, projection: AnyProjection, build: Build): Promise<LiveModel> {
  const { name, tables: names } = projection;
  const schema = schemaName(name, build.build);
  const tables = [];
  let rows = 0;
  for (const table of await comparedTables(client, schema, names)) {
    const buckets = await bucketsOf(client, schema, table);
    for (const sum of buckets.values()) rows += parseInt(sum, 10);
    tables.push({ ...table, buckets });
  }
  const of = { name, build: build.build };
  const held = await quarantinedIn(client, of);
  const skipped = await skippedOf(client, name);
  return { projection, build: of, position: await checkpointPositionOf(client, of), rows, held, skipped, tables };
}

async function checkpointPositionOf(client: pg.Client, build: BuildId): Promise<Position> {
  const checkpoint = await checkpointOf(client, build);
  if (!checkpoint) throw new ChangedMeanwhile(build.name);
  return checkpoint.position;
}

/** The build that was compared has been dropped, or other keys wait in it. */
export class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile';
  constructor(model: string) {
    super(`${model} was switched, or its quarantine changed, while it was verified: run it again`);
  }
}
