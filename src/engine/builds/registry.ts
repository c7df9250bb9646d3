/** The registry of builds (docs/decisions/0010): which there are of each read model, and which of them is read. */
import type pg from 'pg';
import type { Position } from '../core/event-store.js';

/** One making of a read model: n of its schema `rm_<model>_v<n>`, and of its checkpoint. */
export interface BuildId {
  readonly name: string;
  readonly build: number;
}

export interface Build extends BuildId {
  /** Of the projection that made it and writes it. */
  readonly version: number;
  /**
   * building: a candidate that lacks rows; ready: a candidate that can become active; active: read by processes of its version, and
   * by newer ones as long as these have none of their own; standby: the active one before, which still follows the log.
   */
  readonly state: 'building' | 'ready' | 'active' | 'standby';
  /** When it may be dropped; null while it is needed. An active one has an end when a newer version is served. */
  readonly keptUntil: string | null;
}

/** What it takes to find the build that a projection's queries read. */
export interface Readable {
  readonly name: string;
  readonly version: number;
  readonly oldestReadable?: number;
}

/** Builds of these states follow the log. */
export const FOLLOWING: readonly Build['state'][] = ['active', 'standby'];

/** Tells all processes whose builds have changed in the registry; without a name, that a lease is free. */
export const BUILDS_CHANNEL = 'orderlog_builds';

/** The number of the build that is read: part of any statement, and so of its snapshot. */
export function currentBuild({ name, version, oldestReadable = version }: Readable): string {
  return `(select b.number from orderlog.builds b
     where b.model = '${name}' and b.state = 'active' and b.version between ${oldestReadable} and ${version}
     order by b.version desc limit 1)`;
}

export async function allBuilds(db: Pick<pg.Pool, 'query'>): Promise<Build[]> {
  const { rows } = await db.query<Build>({
    name: 'builds-all',
    text: `select model as name, number as build, version, state, kept_until as "keptUntil"
           from orderlog.builds order by model, number`,
  });
  return rows;
}

/** Of a model's builds the one that processes of this projection read; null if there is none. */
export function readBuild(
  builds: readonly Build[],
  { name, version, oldestReadable = version }: Readable,
): Build | null {
  const readable = builds.filter(
    (one) => one.name === name && one.state === 'active' && one.version >= oldestReadable && one.version <= version,
  );
  return readable.sort((one, other) => other.version - one.version)[0] ?? null;
}

export interface Checkpoint {
  readonly position: Position;
  readonly events: number;
}

/** As committed; null if there is none. */
export async function checkpointOf(db: Pick<pg.Pool, 'query'>, { name, build }: BuildId): Promise<Checkpoint | null> {
  const { rows } = await db.query<Checkpoint>(
    'select position, events from orderlog.checkpoints where model = $1 and build = $2',
    [name, build],
  );
  return rows[0] ?? null;
}
