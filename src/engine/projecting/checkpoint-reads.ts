/** What is read of the checkpoints. For statements on several tables, the parts that read this one. */
import type pg from 'pg';
import type { Mark, Position, SubscriptionState } from '../core/event-store.js';
import { type Build, type BuildId, entryOf } from '../builds/registry.js';
import { CHECKPOINTS, type StopReason } from './checkpoints.js';

type Db = Pick<pg.ClientBase, 'query'>;

export interface Checkpoint {
  readonly position: Position;
  readonly events: number;
  readonly state: 'idle' | 'running' | 'stopped';
  readonly error: StopReason | null;
  /** What its owner had last read, where the log knows how to find it again. */
  readonly mark: Mark | null;
}

const COLUMNS = `c.position, c.events, c.state, c.error, c.subscription -> 'mark' as mark`;

/** As committed; null if there is none. */
export async function checkpointOf(db: Db, { name, build }: BuildId): Promise<Checkpoint | null> {
  const { rows } = await db.query<Checkpoint>(
    `select ${COLUMNS} from ${CHECKPOINTS} c where c.model = $1 and c.build = $2`,
    [name, build],
  );
  return rows[0] ?? null;
}

/** With the entry of its build in the registry; null where it has none. */
export interface RegisteredCheckpoint extends BuildId, Checkpoint {
  readonly version: Build['version'] | null;
  readonly buildState: Build['state'] | null;
}

/** Of all models, by name and build. */
export async function allCheckpoints(db: Db): Promise<RegisteredCheckpoint[]> {
  const { rows } = await db.query<RegisteredCheckpoint>({
    name: 'checkpoints-all',
    text: `select c.model as name, c.build, ${COLUMNS}, b.version, b.state as "buildState"
           from ${CHECKPOINTS} c left join ${entryOf('c')} order by c.model, c.build`,
  });
  return rows;
}

/** No page commits on these builds until the transaction is over. */
export async function lockCheckpoints(
  db: Db,
  name: string,
  builds: readonly number[],
): Promise<(Checkpoint & Pick<BuildId, 'build'>)[]> {
  const { rows } = await db.query<Checkpoint & Pick<BuildId, 'build'>>(
    `select c.build, ${COLUMNS} from ${CHECKPOINTS} c where c.model = $1 and c.build = any ($2) order by c.build for update of c`,
    [name, builds],
  );
  return rows;
}

/** Whether no process has projected the build for a minute. */
export async function isAbandoned(db: Db, { name, build }: BuildId): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from ${CHECKPOINTS} where model = $1 and build = $2 and lease_until >= clock_timestamp() - interval '1 minute'`,
    [name, build],
  );
  return rowCount === 0;
}

/** Whether a process follows the log for anything. */
export async function isAnyLeased(db: Db): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from ${CHECKPOINTS} where lease_owner is not null and lease_until >= clock_timestamp() limit 1`,
  );
  return rowCount !== 0;
}

/** Whether the active build of a model was made from a history that the log has lost, as a projector has noticed. */
export async function isActiveLost(db: Db, model: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'lost-history',
    text: `select from ${CHECKPOINTS} c join ${entryOf('c')}
           where c.model = $1 and b.state = 'active' and ${IS_LOST}`,
    values: [model],
  });
  return rowCount !== 0;
}

/** Part of a statement: whether the build of the checkpoint `c` was made from a history that the log has lost. */
export const IS_LOST = `coalesce(c.error ? 'lost', false)`;

/**
 * Part of a statement: joins what an answer from all of these builds is true for, as `c`; no row where one has no checkpoint.
 * @param degraded how many quarantined keys of the checkpoint `c` enter the answer
 * @param waits the position of the first event that waits in the build of the checkpoint `c`
 */
export function standingJoined(builds: readonly BuildId[], degraded: string, waits: string): string {
  return `lateral (
        select min(c.position) as position, sum(${degraded})::integer as degraded, min(${waits}) as waits,
               bool_or(${IS_LOST}) as lost
        from ${checkpointsOf(builds)} having count(*) = ${builds.length}) c on true`;
}

/** Part of a statement: the least position of these builds. */
export function leastPosition(builds: readonly BuildId[]): string {
  return `(select min(c.position) from ${checkpointsOf(builds)})`;
}

function checkpointsOf(builds: readonly BuildId[]): string {
  const those = builds.map(({ name, build }) => `('${name}', ${build})`).join(', ');
  return `${CHECKPOINTS} c where (c.model, c.build) in (${those})`;
}

/** Part of a statement: whether a build has a checkpoint. @param model, build expressions */
export function hasCheckpoint(model: string, build: string): string {
  return `exists (select from ${CHECKPOINTS} where model = ${model} and build = ${build})`;
}

/** A page that takes no step for so long, and a checkpoint that does not move, may stand still. */
export const STALLED_SECONDS = 10;

/**
 * When the last step of a page began that is under way for the checkpoint `c`. A page that changes a million rows shows no
 * checkpoint until it is over, but each of its steps is short: it works, unlike one that hangs. Its session has the checkpoints
 * locked for writing, and tables of the build at least for reading.
 */
const PAGE_UNDER_WAY = `
  select max(a.query_start) as step_at
  from pg_locks w join pg_stat_activity a on a.pid = w.pid
  where c.progressed_at < clock_timestamp() - interval '${STALLED_SECONDS} seconds'
    and w.relation = '${CHECKPOINTS}'::regclass and w.mode = 'RowExclusiveLock' and a.datname = current_database()
    and exists (
      select from pg_locks l join pg_class t on t.oid = l.relation
      where l.pid = w.pid
        and t.relnamespace = to_regnamespace('rm_' || replace(c.model, '-', '_') || '_v' || c.build))`;

/** A checkpoint as the status tells it: a lease that has expired counts as none. */
export interface CheckpointStatus {
  readonly name: string;
  readonly version: number;
  readonly checkpoint: Position;
  readonly events: number;
  readonly error: StopReason | null;
  readonly lease_owner: string | null;
  /** Who has the lease, or had it last. */
  readonly last_owner: string | null;
  readonly quarantined: number;
  readonly state: 'idle' | 'running' | 'degraded' | 'stopped';
  readonly seconds_since_progress: number;
  readonly subscription: SubscriptionState | null;
}

export async function checkpointStatuses(db: Db): Promise<CheckpointStatus[]> {
  const { rows } = await db.query<CheckpointStatus>(`
    select model as name, build as version, position as checkpoint, events, error,
           case when lease_until >= clock_timestamp() then lease_owner end as lease_owner,
           lease_owner as last_owner, quarantined,
           case when state <> 'running' then state when lease_until < clock_timestamp() then 'idle'
                when quarantined > 0 then 'degraded' else state end as state,
           extract(epoch from clock_timestamp() - greatest(progressed_at, page.step_at))::float8 as seconds_since_progress,
           case when lease_until >= clock_timestamp() then subscription
                else subscription || '{"connectedSince": null}' end as subscription
    from ${CHECKPOINTS} c left join lateral (${PAGE_UNDER_WAY}) page on true`);
  return rows;
}
