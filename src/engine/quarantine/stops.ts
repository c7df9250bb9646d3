/** Builds whose projection has stopped at an event, and the way past it (docs/decisions/0012). */
import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import { allBuilds, type Build, BUILDS_CHANNEL } from '../builds/registry.js';
import type { StopReason } from '../projecting/checkpoints.js';
import { inTransaction } from '../builds/prepare-model.js';
import type { AnyProjection } from '../projecting/projection.js';
import { NotQuarantined, writeSkipped } from './quarantine.js';

/** A build that has stopped at this event of its stream. */
export interface Stop {
  readonly build: Build;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly message: string;
}

/** Those of these models, in their order; without those that no single event has stopped. */
export async function stopsOf(pool: pg.Pool, projections: readonly AnyProjection[]): Promise<Stop[]> {
  const { rows } = await pool.query<{ model: string; build: number; error: StopReason }>(
    `select model, build, error from orderlog.checkpoints where state = 'stopped' order by build`,
  );
  const builds = await allBuilds(pool);
  return projections.flatMap(({ name }) =>
    rows.flatMap(({ model, build: number, error: { stream, revision, position, message } }) => {
      const build = builds.find((one) => one.name === model && one.build === number);
      if (model !== name || !build || stream === null || revision === null) return [];
      return [{ build, stream, revision, position, message }];
    }),
  );
}

/**
 * Leaves the event out of the model for good, and lets the build go on behind it, in whichever process projects it.
 * @returns false when the build does not stop there any more
 * @throws NotQuarantined when the log does not have the event
 */
export async function skipStop(
  { pool, store }: { readonly pool: pg.Pool; readonly store: EventStore },
  { build: { name, build }, stream, revision, position, message }: Stop,
  reason: string,
): Promise<boolean> {
  const event = await eventAt(store, stream, revision);
  if (event?.position !== position) {
    throw new NotQuarantined(
      `the log does not have revision ${revision} of ${stream} at the position where ${name} stopped`,
    );
  }
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `update orderlog.checkpoints set state = 'idle', error = null, lease_epoch = lease_epoch + 1
       where model = $1 and build = $2 and state = 'stopped' and error ->> 'position' = $3`,
      [name, build, position],
    );
    if (rowCount === 0) return false;
    await writeSkipped(client, name, { stream, revision, position, type: event.type, message }, reason);
    await client.query('select pg_notify($1, $2)', [BUILDS_CHANNEL, '']);
    return true;
  });
}

async function eventAt(store: EventStore, stream: string, revision: number): Promise<RecordedEvent | null> {
  try {
    for await (const event of store.read(stream, { from: revision, limit: 1 })) return event;
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return null;
}
