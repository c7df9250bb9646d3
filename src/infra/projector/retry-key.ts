/** Lets a key that waits in a build go on, by today's code (docs/decisions/0012). */
import type pg from 'pg';
import { StreamNotFound } from '../../core/errors.js';
import type { EventStore, Position } from '../../core/event-store.js';
import { decode } from '../../core/event-type.js';
import type { RecordedEvent } from '../../core/message.js';
import type { BuildId } from './builds.js';
import { ownClient } from './own-client.js';
import { type AnyProjection, schemaName } from './projection.js';
import {
  countHeld,
  type HeldEvent,
  isOfTheEvent,
  messageOf,
  type Skipped,
  skippedOf,
  writeHeld,
} from './quarantine.js';
import { projectionDb } from './statements.js';

export interface Retried {
  /** How many of its events have taken effect. */
  readonly events: number;
  /** Where it still waits, or waits now; null if it does not. */
  readonly held: HeldEvent | null;
}

interface Deps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
}

/** A page of the projector may be under way on the row; one that is frozen gives it up after 15 s. */
const LOCK_MS = 20_000;

/**
 * All in one transaction: the events of the key from where it waits up to the checkpoint take effect, in order, as far as they can.
 * @param skip leaves the event that it waits at out for good, for this reason
 * @returns null when it does not wait (any more)
 */
export async function retryKey(
  { pool, store }: Deps,
  { projection, of, stream }: { readonly projection: AnyProjection; readonly of: BuildId; readonly stream: string },
  skip: { readonly reason: string } | null = null,
): Promise<Retried | null> {
  // Projections send statements without waiting for the answer to the one before.
  const client = ownClient(pool, { pipeline: true, idle_in_transaction_session_timeout: 15_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`set local lock_timeout = ${LOCK_MS}`);
    // 1. Whoever projects the build has to take its lease again, and finds what is changed here.
    const checkpoint = await takeCheckpoint(client, of);
    const held = await takeEntry(client, of, stream);
    if (checkpoint === null || !held) {
      await client.query('rollback');
      return null;
    }
    if (skip) await skipEvent(client, of, held, skip.reason);
    // 2. In their order, each by itself, as far as they can.
    const skipped = await skippedOf(client, of.name);
    const db = projectionDb(client, schemaName(of.name, of.build));
    const result = { events: 0, held: null as HeldEvent | null };
    for await (const event of waiting(store, projection, held, checkpoint, skipped)) {
      result.held = await applyOne(
        client,
        async () => {
          const handler = projection.handlers[event.type];
          if (!handler) return;
          const decoded = decode(event, handler.eventType);
          const page = await projection.open([decoded], db, new Map());
          handler.apply(page, decoded);
          await projection.flush(page, db);
        },
        event,
      );
      if (result.held) break;
      result.events += 1;
    }
    // 3. It waits somewhere else, or not at all.
    if (result.held) await writeHeld(client, of, [result.held]);
    else await removeEntry(client, of, stream);
    await client.query('update orderlog.checkpoints set events = events + $3 where model = $1 and version = $2', [
      of.name,
      of.build,
      result.events,
    ]);
    await client.query('commit');
    return result;
  } finally {
    await client.end();
  }
}

async function takeCheckpoint(client: pg.ClientBase, { name, build }: BuildId): Promise<Position | null> {
  const { rows } = await client.query<{ position: Position }>(
    `update orderlog.checkpoints set lease_epoch = lease_epoch + 1 where model = $1 and version = $2 returning position`,
    [name, build],
  );
  return rows[0]?.position ?? null;
}

/** Whoever projects a build of the model takes its lease again, and with it what the quarantine is by then. */
export async function giveUpLeases(pool: pg.Pool, model: string): Promise<void> {
  await pool.query('update orderlog.checkpoints set lease_epoch = lease_epoch + 1 where model = $1', [model]);
}

async function takeEntry(client: pg.ClientBase, { name, build }: BuildId, stream: string): Promise<HeldEvent | null> {
  const { rows } = await client.query<HeldEvent>(
    `select stream, revision, position, type, message from orderlog.quarantine
     where model = $1 and build = $2 and stream = $3`,
    [name, build, stream],
  );
  return rows[0] ?? null;
}

async function removeEntry(client: pg.ClientBase, of: BuildId, stream: string): Promise<void> {
  await client.query('delete from orderlog.quarantine where model = $1 and build = $2 and stream = $3', [
    of.name,
    of.build,
    stream,
  ]);
  await countHeld(client, of);
}

async function skipEvent(client: pg.ClientBase, { name }: BuildId, held: HeldEvent, reason: string): Promise<void> {
  const { stream, revision, position, type, message } = held;
  await client.query(
    `insert into orderlog.skipped_events (model, stream, revision, position, type, message, reason)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [name, stream, revision, position, type, message, reason],
  );
}

/** What the build would have taken of the key by now. */
async function* waiting(
  store: EventStore,
  { handlers }: AnyProjection,
  { stream, revision: from }: HeldEvent,
  until: Position,
  skipped: readonly Skipped[],
): AsyncGenerator<RecordedEvent> {
  const left = new Set(skipped.filter((one) => one.stream === stream).map(({ revision }) => revision));
  try {
    for await (const event of store.read(stream, { from })) {
      if (event.position > until) return;
      if (Object.hasOwn(handlers, event.type) && !left.has(event.revision)) yield event;
    }
  } catch (error) {
    // Its event was there once: the log is another one, or it was cut off.
    if (!(error instanceof StreamNotFound)) throw error;
  }
}

/** @returns where the key waits, if the event can't be applied. @throws what is not of the event */
async function applyOne(
  client: pg.ClientBase,
  apply: () => Promise<void>,
  { stream, revision, position, type }: RecordedEvent,
): Promise<HeldEvent | null> {
  await client.query('savepoint one');
  try {
    await apply();
    await client.query('release savepoint one');
    return null;
  } catch (error) {
    await client.query('rollback to savepoint one');
    if (!isOfTheEvent(error)) throw error;
    return { stream, revision, position, type, message: messageOf(error) };
  }
}
