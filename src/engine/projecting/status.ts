import type pg from 'pg';
import { type EventStore, type Position, START, type SubscriptionState } from '../core/event-store.js';
import { allBuilds, readBuild } from '../builds/registry.js';
import { allCheckpoints, checkpointStatuses, STALLED_SECONDS } from './checkpoint-reads.js';
import type { StopReason } from './checkpoints.js';
import type { AnyProjection } from './projection.js';
import { readBy } from './reads.js';

/** Where a read model stands: the build that is read. */
export interface ModelStatus {
  readonly name: string;
  /** The number of the build: n of the schema `rm_<model>_v<n>`. */
  readonly version: number;
  readonly checkpoint: Position;
  /** Events that have taken effect in it. */
  readonly events: number;
  /** missing: never projected; idle: nobody projects it now; degraded: it is projected, some keys wait; stopped: see `error`. */
  readonly state: 'missing' | 'idle' | 'running' | 'degraded' | 'stopped';
  readonly error: StopReason | null;
  /** Keys that wait at an event which could not be applied. */
  readonly quarantined: number;
  readonly lease_owner: string | null;
  /** Who has the lease, or had it last. */
  readonly last_owner: string | null;
  /** Events of the streams that it reads, behind the checkpoint; counted up to the cap. */
  readonly lag_events: number;
  /** Age of the oldest of them, 0 if there is none. */
  readonly lag_seconds: number;
  /** Since the checkpoint moved, or since the last step of a page that takes long. */
  readonly seconds_since_progress: number;
  /** How its owner is connected to the log; null where there is no connection to speak of. */
  readonly subscription: SubscriptionState | null;
}

export interface StatusSources {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projections: readonly AnyProjection[];
}

export interface Counting {
  /** Counting the events that wait ends here. */
  readonly cap: number;
  /** Only of models that may stand still: the others are told to have none. */
  readonly stalledOnly?: boolean;
  /** Ends it without an error: then at least so many wait. */
  readonly signal?: AbortSignal;
}

export async function modelStatuses(
  { pool, store, projections }: StatusSources,
  { cap, stalledOnly = false, signal }: Counting,
): Promise<ModelStatus[]> {
  const rows = await checkpointStatuses(pool);
  const builds = await allBuilds(pool);
  const models = projections.map((projection) => {
    const { name, version } = projection;
    const build = readBuild(builds, projection)?.build ?? version;
    const row = rows.find((one) => one.name === name && one.version === build) ?? missing(name, build);
    return { row, read: { position: row.checkpoint, filter: readBy(projection) } };
  });
  const counted = models.filter(({ row }) => !stalledOnly || row.seconds_since_progress > STALLED_SECONDS);
  const distances = await store.distances(
    counted.map(({ read }) => read),
    cap,
    signal,
  );
  return models.map((model) => {
    const { events, oldest } = distances[counted.indexOf(model)] ?? { events: 0, oldest: null };
    const age = oldest === null ? 0 : Math.max(0, Date.now() - Date.parse(oldest)) / 1_000;
    return { ...model.row, lag_events: events, lag_seconds: age };
  });
}

/** What is wrong with a read model, seen from outside; null if nothing is. */
export function problemOf(status: ModelStatus): string | null {
  const { name, state, lag_events, lag_seconds, seconds_since_progress } = status;
  // Nobody has made it yet: it does not stand still.
  if (state === 'missing') return null;
  if (state === 'stopped' && status.error?.lost) {
    return `${name} has stopped: the log has lost what it was made from, see orderlog status`;
  }
  if (state === 'stopped') return `${name} has stopped at an event that can not be applied: see orderlog status`;
  // Work that has just come, or a backlog that is being worked off, is no standstill.
  const stalled = lag_events > 0 && lag_seconds > STALLED_SECONDS && seconds_since_progress > STALLED_SECONDS;
  return stalled ? `${name} makes no progress though there is work` : null;
}

/** What is not whole in a read model that works; null if nothing is. */
export function degradationOf({ name, quarantined }: ModelStatus): string | null {
  if (quarantined === 0) return null;
  const keys = quarantined === 1 ? '1 key waits' : `${quarantined} keys wait`;
  return `${name} is degraded: ${keys} at an event that could not be applied, see orderlog quarantine list`;
}

/** How the projectors are, in a few words. */
export interface Health {
  readonly ok: boolean;
  readonly degraded: boolean;
  /** Null where there is nothing to say. */
  readonly detail: string | null;
}

export function healthOf(statuses: readonly ModelStatus[]): Health {
  const problems = statuses.map(problemOf).filter((one) => one !== null);
  const degradations = statuses.map(degradationOf).filter((one) => one !== null);
  const told = [...problems, ...degradations, connectionsOf(statuses)].filter((one) => one !== null);
  return {
    ok: problems.length === 0,
    degraded: degradations.length > 0,
    detail: told.length === 0 ? null : told.join('; '),
  };
}

/** How the projectors are connected to the log, in a few words; null where there is nothing to say of it. */
export function connectionsOf(statuses: readonly ModelStatus[]): string | null {
  const subscriptions = statuses.flatMap(({ subscription }) => (subscription ? [subscription] : []));
  if (subscriptions.length === 0) return null;
  const connected = subscriptions.filter(({ connectedSince }) => connectedSince !== null).length;
  const drops = subscriptions.reduce((sum, one) => sum + dropsOf(one), 0);
  return `${connected} of ${subscriptions.length} subscriptions connected, ${drops} drops`;
}

export function dropsOf({ drops }: SubscriptionState): number {
  return Object.values(drops).reduce((sum, n) => sum + n, 0);
}

/** Whether all read models are at or behind a position, the head found at start, say. */
export async function haveReached({ pool, projections }: StatusSources, position: Position): Promise<boolean> {
  const rows = (await allCheckpoints(pool)).filter((one) => one.position >= position);
  const builds = await allBuilds(pool);
  return projections.every((projection) => {
    const read = readBuild(builds, projection);
    return rows.some(({ name, build }) => name === read?.name && build === read.build);
  });
}

export function missing(name: string, version: number): Omit<ModelStatus, 'lag_events' | 'lag_seconds'> {
  const nothing = { checkpoint: START, events: 0, error: null, quarantined: 0, subscription: null };
  const nobody = { lease_owner: null, last_owner: null };
  return { name, version, ...nothing, ...nobody, state: 'missing', seconds_since_progress: Infinity };
}
