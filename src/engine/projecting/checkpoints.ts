import type pg from 'pg';
import type { Position } from '../core/event-store.js';
import { type BuildId, BUILDS_CHANNEL } from '../builds/registry.js';

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
export const RENEW_EVERY_MS = 1_500;

/**
 * Takes the lease if it is free, expired or already the caller's; null when another has it. A row that is locked is being
 * worked on, however old its lease.
 */
export async function acquireLease(
  db: Pick<pg.ClientBase, 'query'>,
  of: BuildId,
  owner: string,
): Promise<Lease | null> {
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
export async function isLeaseFree(
  db: Pick<pg.ClientBase, 'query'>,
  of: BuildId,
  owner: string,
): Promise<boolean | null> {
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
export async function renewLease(db: Pick<pg.ClientBase, 'query'>, of: BuildId, epoch: number): Promise<boolean> {
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
 * Gives the lease back, with the reason if the projection can't go on, and says so to those who wait for it. Does nothing if
 * the lease was lost.
 */
export async function releaseLease(
  client: pg.ClientBase,
  of: BuildId,
  epoch: number,
  reason: StopReason | null,
): Promise<void> {
  await client.query(
    `with released as (
       update orderlog.checkpoints
       set lease_owner = null, lease_until = null,
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
 * `begin` below must have worked: outside its transaction the commit would be synchronous, and the statement does nothing.
 */
export const MOVE_CHECKPOINT = {
  name: 'projector-move',
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
export const BEGIN = 'begin; set local synchronous_commit = off';
