/** Builds whose projection has stopped at an event, and the way past it (docs/decisions/0012). */
import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import type { Build } from '../builds/registry.js';
import { allCheckpoints } from '../projecting/checkpoint-reads.js';
import { resumeProjection } from '../projecting/checkpoints.js';
import { inTransaction } from '../postgres/transaction.js';
import { buildsOf, type Quarantining } from './entries.js';
import { NotQuarantined } from './quarantine.js';
import { writeSkipped } from './quarantined.js';

/** A build that has stopped at this event of its stream. */
export interface Stop {
  readonly build: Build;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly message: string;
}

/** Those of these, in their order; without those that no single event has stopped. */
export async function stopsOf(pool: pg.Pool, followers: readonly Quarantining[]): Promise<Stop[]> {
  const checkpoints = await allCheckpoints(pool);
  return (await buildsOf(pool, followers)).flatMap(({ build }) => {
    const found = checkpoints.find((one) => one.name === build.name && one.build === build.build);
    if (found?.state !== 'stopped' || !found.error) return [];
    const { stream, revision, position, message } = found.error;
    return stream === null || revision === null ? [] : [{ build, stream, revision, position, message }];
  });
}

/**
 * Leaves the event out of the model for good. The build continues behind it, in whichever process projects it.
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
      'list',
    );
  }
  return inTransaction(pool, async (client) => {
    if (!(await resumeProjection(client, { name, build }, position))) return false;
    await writeSkipped(client, name, { stream, revision, position, type: event.type, message }, reason);
    return true;
  });
}

/** Null if the log does not have it (any more). */
export async function eventAt(store: EventStore, stream: string, revision: number): Promise<RecordedEvent | null> {
  try {
    for await (const event of store.read(stream, { from: revision, limit: 1 })) return event;
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return null;
}
