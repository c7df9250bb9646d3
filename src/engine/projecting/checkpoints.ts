/**
 * The table of checkpoints of builds and of reactors, and of the leases on them. Whatever changes it is in this file; checkpoint-reads.ts reads it.
 * `lease_epoch` is the fence: it grows when the right to write a build may change hands, and a page commits only under the epoch
 * that its owner began with.
 */
import type pg from 'pg';
import type { Position, SubscriptionState } from '../core/event-store.js';
import { type BuildId, BUILDS_CHANNEL } from '../builds/registry.js';

type Db = Pick<pg.ClientBase, 'query'>;

/** For the statements of checkpoint-reads.ts. */
export const CHECKPOINTS = 'orderlog.checkpoints';

/** The right to write a read model, until somebody else has it. */
export interface Lease {
  /** Grows with every owner. */
  readonly epoch: number;
  /** The checkpoint as the owner found it. */
  readonly position: Position;
}

/** Why a projection has stopped. Stream and revision are null where no single event is to blame. */
export interface StopReason {
  readonly stream: string | null;
  readonly revision: number | null;
  readonly position: Position;
  readonly message: string;
  /** The history up to here is not in the log any more: what the model shows is true for no position. */
  readonly lost?: true;
}

/** A lease that is not renewed for so long, by the clock of the database, is free. */
const LEASE = `interval '5 seconds'`;
const FENCED = 'lease_epoch = lease_epoch + 1';
/** Its last owner stays known: the metrics of a read model that nobody projects come from there. */
const FREE = "lease_until = case when checkpoints.lease_owner is not null then timestamptz 'epoch' end";
export const RENEW_EVERY_MS = 1_500;

/**
 * Takes the lease if it is free, expired or already the caller's; null when another has it. A row that is locked is being
 * worked on, however old its lease.
 */
export async function acquireLease(db: Db, of: BuildId, owner: string): Promise<Lease | null> {
  const { rows } = await db.query<Lease>({
    name: 'projector-acquire',
    text: `
      update orderlog.checkpoints c
      set lease_owner = $3, lease_epoch = c.lease_epoch + 1, lease_until = clock_timestamp() + ${LEASE},
          state = 'running', error = null
      from (
        select model, build from orderlog.checkpoints
        where model = $1 and build = $2
          and (lease_owner is null or lease_owner = $3 or lease_until < clock_timestamp())
        for update skip locked
      ) free
      where c.model = free.model and c.build = free.build
      returning c.lease_epoch as epoch, c.position`,
    values: [of.name, of.build, owner],
  });
  return rows[0] ?? null;
}

/** Whether it is worth while to try to acquire the lease; null when the build is not there. */
export async function isLeaseFree(db: Db, of: BuildId, owner: string): Promise<boolean | null> {
  const { rows } = await db.query<{ free: boolean }>({
    name: 'projector-lease-free',
    text: `
      select lease_owner is null or lease_owner = $3 or lease_until < clock_timestamp() as free
      from orderlog.checkpoints where model = $1 and build = $2`,
    values: [of.name, of.build, owner],
  });
  return rows[0]?.free ?? null;
}

/**
 * Renews a lease, by the connection that does the work: one that can do none loses it. A row that somebody has locked stays as
 * it is, for nobody can take its lease meanwhile.
 * @returns false when the lease is lost
 */
export async function renewLease(db: Db, of: BuildId, epoch: number): Promise<boolean> {
  const { rows } = await db.query<{ ours: boolean }>({
    name: 'projector-renew',
    text: `
      with mine as (
        select model, build from orderlog.checkpoints
        where model = $1 and build = $2 and lease_epoch = $3 for update skip locked
      ), renewed as (
        update orderlog.checkpoints c set lease_until = clock_timestamp() + ${LEASE}
        from mine where c.model = mine.model and c.build = mine.build
      )
      select lease_epoch = $3 as ours from orderlog.checkpoints where model = $1 and build = $2`,
    values: [of.name, of.build, epoch],
  });
  return rows[0]?.ours ?? false;
}

/**
 * Releases the lease, with the reason if the projection can't continue, and notifies those who wait for it. Does nothing if the
 * lease was lost.
 */
export async function releaseLease(db: Db, of: BuildId, epoch: number, reason: StopReason | null): Promise<void> {
  await db.query(
    `with released as (
       update orderlog.checkpoints
       set ${FREE},
           state = case when $4::jsonb is null then 'idle' else 'stopped' end, error = $4
       where model = $1 and build = $2 and lease_epoch = $3
       returning model
     )
     select pg_notify('${BUILDS_CHANNEL}', '') from released`,
    [of.name, of.build, epoch, reason && JSON.stringify(reason)],
  );
}

/**
 * Moves a checkpoint on from where its owner believes it to be, and renews the lease; no row when the owner is wrong.
 * Without the setting below the commit would be synchronous, and the statement does nothing.
 */
export const MOVE_CHECKPOINT = {
  name: 'projector-move',
  parameters: 6,
  text: `
    update orderlog.checkpoints
    set position = $5, events = events + $6, lease_until = clock_timestamp() + ${LEASE},
        progressed_at = clock_timestamp()
    where model = $1 and build = $2 and lease_epoch = $3 and position = $4
      and current_setting('synchronous_commit') = 'off'
    returning true`,
};

/**
 * Rows and checkpoint are remade from the log and lost together: a crash of the database may undo the last of such
 * commits, and what they held is projected again. So none of them waits for the disk.
 */
export const NO_WAIT_FOR_THE_DISK = 'set synchronous_commit = off';
export const BEGIN = 'begin; set local synchronous_commit = off';

/** The owner of the build, if it has one, must take its lease again. @returns its checkpoint; null when it is not there */
export async function fence(db: Db, of: BuildId): Promise<Position | null> {
  const { rows } = await db.query<{ position: Position }>(
    `update orderlog.checkpoints set ${FENCED} where model = $1 and build = $2 returning position`,
    [of.name, of.build],
  );
  return rows[0]?.position ?? null;
}

/** The same for all builds of a model. */
export async function fenceAll(db: Db, model: string): Promise<void> {
  await db.query(`update orderlog.checkpoints set ${FENCED} where model = $1`, [model]);
}

/** A checkpoint at the start of the log, unless there is one. */
export async function makeCheckpoint(db: Db, of: BuildId): Promise<void> {
  await db.query('insert into orderlog.checkpoints (model, build) values ($1, $2) on conflict do nothing', [
    of.name,
    of.build,
  ]);
}

/** A checkpoint at the start of the log, instead of the one that may be there. */
export async function resetCheckpoint(db: Db, of: BuildId): Promise<void> {
  await db.query(
    `insert into orderlog.checkpoints (model, build) values ($1, $2)
     on conflict (model, build) do update
     set position = default, events = default, state = default, error = null, quarantined = default, subscription = null,
         ${FREE}, lease_epoch = checkpoints.lease_epoch + 1`,
    [of.name, of.build],
  );
}

export async function deleteCheckpoint(db: Db, of: BuildId): Promise<void> {
  await db.query('delete from orderlog.checkpoints where model = $1 and build = $2', [of.name, of.build]);
}

export async function deleteAllCheckpoints(db: Db): Promise<void> {
  await db.query('delete from orderlog.checkpoints');
}

/** @returns false when the checkpoint is not there, or not so */
async function change(
  db: Db,
  of: BuildId,
  what: string,
  values: readonly unknown[] = [],
  so = 'true',
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update orderlog.checkpoints set ${what} where model = $1 and build = $2 and ${so}`,
    [of.name, of.build, ...values],
  );
  return rowCount !== 0;
}

/** Moves the checkpoint of a candidate while it is loaded: no projector has its lease. @returns false when it is not there */
export function moveLoaded(db: Db, of: BuildId, position: Position, events: number): Promise<boolean> {
  return change(db, of, 'position = $3, events = events + $4, progressed_at = clock_timestamp()', [position, events]);
}

/** Counts events that took effect without a page: those of a key that was quarantined. */
export async function addEvents(db: Db, of: BuildId, events: number): Promise<void> {
  await change(db, of, 'events = events + $3', [events]);
}

/** @param count a query for their number in the build `$2` of the model `$1` */
export async function setQuarantined(db: Db, of: BuildId, count: string): Promise<void> {
  await change(db, of, `quarantined = (${count})`);
}

/** Stops the projection of a build, in any process. */
export async function stopProjection(db: Db, of: BuildId, reason: StopReason): Promise<void> {
  await change(db, of, `state = 'stopped', error = $3, ${FREE}, ${FENCED}`, [JSON.stringify(reason)]);
}

/** The projection that has stopped at this position may continue. @returns false when it does not stand there */
export async function resumeProjection(db: Db, of: BuildId, position: Position): Promise<boolean> {
  const so = `state = 'stopped' and error ->> 'position' = $3`;
  const resumed = await change(db, of, `state = 'idle', error = null, ${FENCED}`, [position], so);
  if (resumed) await db.query(`select pg_notify('${BUILDS_CHANNEL}', '')`);
  return resumed;
}

/** Notes how the owner of a lease is connected to the log. Like the checkpoint, it does not wait for the disk. */
export async function writeSubscription(db: Db, of: BuildId, epoch: number, state: SubscriptionState): Promise<void> {
  await db.query({
    name: 'projector-note-subscription',
    text: `
      with quick as materialized (select set_config('synchronous_commit', 'off', true))
      update orderlog.checkpoints set subscription = $4
      from quick
      where model = $1 and build = $2 and lease_epoch = $3`,
    values: [of.name, of.build, epoch, JSON.stringify(state)],
  });
}

/**
 * A part of a statement: keeps the row of `$1` and `$2` locked while the statement changes something else of the build, so that
 * a fence waits for it.
 */
export const TOUCHED = `touched as (
  update orderlog.checkpoints set progressed_at = clock_timestamp() where model = $1 and build = $2)`;
