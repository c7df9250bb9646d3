/** Retries the keys that are quarantined in a build, by today's code (docs/decisions/0012). */
import type pg from 'pg';
import { StreamNotFound } from '../core/errors.js';
import type { EventStore, Position } from '../core/event-store.js';
import { decode } from '../core/event-type.js';
import type { RecordedEvent } from '../core/message.js';
import type { BuildId } from '../builds/registry.js';
import { checkpointOf } from '../projecting/checkpoint-reads.js';
import { addEvents, fence } from '../projecting/checkpoints.js';
import { sessionBeside } from '../postgres/session.js';
import { type AnyProjection, schemaName } from '../projecting/projection.js';
import { applyEvent, isOfNewerRelease, isOfTheEvent, messageOf, type QuarantinedEvent } from './quarantine.js';
import {
  countQuarantined,
  deleteQuarantined,
  newQuarantine,
  quarantinedIn,
  writeQuarantined,
  writeSkipped,
} from './quarantined.js';
import { concerns, handlerOf, readBy } from '../projecting/reads.js';
import { ProjectionStatements } from '../projecting/statements.js';

export interface Retried {
  /** How many of its events have taken effect. */
  readonly events: number;
  /** Where it still waits, or waits now; null if it does not. */
  readonly held: QuarantinedEvent | null;
  /** The event that it waited at is left out for good. */
  readonly skipped: boolean;
}

interface Deps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
}

interface Keys {
  readonly projection: AnyProjection;
  readonly of: BuildId;
  readonly streams: readonly string[];
}

/** A key as it was found, and what the log has of it from there on. */
interface Waiting {
  readonly held: QuarantinedEvent;
  readonly events: RecordedEvent[];
}

/** A page of the projector may be under way on the row; one that is frozen gives it up after 15 s. */
export const LOCK_MS = 20_000;
/** In one transaction: nobody projects the build for so long. */
const KEYS_AT_ONCE = 100;

/**
 * The events of each key from where it waits up to the checkpoint take effect, in order, as far as they can; many keys in one
 * transaction.
 * @param skip leaves the event that a key waits at out for good, for this reason
 * @returns by stream; without those that do not wait (any more)
 */
export async function retryKeys(
  deps: Deps,
  { streams, ...rest }: Keys,
  skip: { readonly reason: string } | null = null,
): Promise<ReadonlyMap<string, Retried>> {
  // Projections send statements without waiting for the answer to the one before.
  const client = sessionBeside(deps.pool, 'projector', { pipeline: true });
  await client.connect();
  try {
    const all = new Map<string, Retried>();
    for (let i = 0; i < streams.length; i += KEYS_AT_ONCE) {
      const some = { ...rest, streams: streams.slice(i, i + KEYS_AT_ONCE) };
      for (const [stream, one] of await retrySome(client, deps.store, some, skip)) all.set(stream, one);
    }
    return all;
  } finally {
    await client.end();
  }
}

async function retrySome(
  client: pg.Client,
  store: EventStore,
  { projection, of, streams }: Keys,
  skip: { readonly reason: string } | null,
): Promise<ReadonlyMap<string, Retried>> {
  const retried = new Map<string, Retried>();
  // 1. The log is read while the build is projected. The checkpoint comes second, so that no entry is behind it.
  const entries = await entriesOf(client, of, streams);
  const read = (await checkpointOf(client, of))?.position;
  if (read === undefined) return retried;
  const waiting = new Map<string, Waiting>();
  for (const held of entries) {
    waiting.set(held.stream, { held, events: await eventsOf(store, held, read) });
  }
  await client.query('begin');
  await client.query(`set local lock_timeout = ${LOCK_MS}`);
  // 2. The process that projects the build must take its lease again, and finds what is changed here.
  const checkpoint = await fence(client, of);
  if (checkpoint !== null) {
    await addMeanwhile(store, projection, waiting, read, checkpoint);
    const quarantine = await newQuarantine(client, projection);
    // 3. Key by key, each as far as it can.
    for (const held of await entriesOf(client, of, streams)) {
      const known = waiting.get(held.stream);
      const left = { events: 0, held, skipped: false };
      // What somebody else has changed meanwhile is left to the next try.
      if (known?.held.revision !== held.revision) retried.set(held.stream, left);
      else if (known.events[0]?.revision !== held.revision) retried.set(held.stream, { ...left, held: gone(held) });
      else {
        if (skip) await writeSkipped(client, of.name, held, skip.reason);
        const events = known.events
          .slice(skip ? 1 : 0)
          .filter((event) => concerns(projection, event) && quarantine.lets(event));
        const applied = await applyAll(client, { projection, of, events });
        retried.set(held.stream, { ...applied, skipped: skip !== null });
      }
    }
    await writeWhatWaits(client, of, retried);
  }
  await client.query('commit');
  return retried;
}

export function gone(held: QuarantinedEvent): QuarantinedEvent {
  return { ...held, message: 'the log does not have this event any more: it is another one, or was cut off' };
}

async function applyAll(
  client: pg.Client,
  { projection, of, events }: { projection: AnyProjection; of: BuildId; events: readonly RecordedEvent[] },
): Promise<Omit<Retried, 'skipped'>> {
  const statements = new ProjectionStatements(schemaName(of.name, of.build));
  let done = 0;
  for (const event of events) {
    const apply = async (): Promise<void> => {
      const handler = handlerOf(projection, event);
      const decoded = decode(event, handler.eventType);
      const db = statements.on(client);
      const page = await projection.open([decoded], db, new Map());
      applyEvent(handler, page, decoded);
      await projection.flush(page, db);
      await db.written();
    };
    const held = await applyOne(client, apply, event);
    if (held) return { events: done, held };
    done += 1;
  }
  return { events: done, held: null };
}

/** From where the key waits up to a position; nothing if the log has no such stream. */
export async function eventsOf(
  store: EventStore,
  { stream, revision }: QuarantinedEvent,
  until: Position,
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  try {
    for await (const event of store.read(stream, { from: revision })) {
      if (event.position > until) break;
      events.push(event);
    }
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
  }
  return events;
}

/** What the projector has left out since the streams were read. */
async function addMeanwhile(
  store: EventStore,
  projection: AnyProjection,
  waiting: ReadonlyMap<string, Waiting>,
  from: Position,
  until: Position,
): Promise<void> {
  if (until <= from) return;
  for await (const event of store.readAll({ from, until, filter: readBy(projection) })) {
    waiting.get(event.stream)?.events.push(event);
  }
}

async function entriesOf(client: pg.ClientBase, of: BuildId, streams: readonly string[]): Promise<QuarantinedEvent[]> {
  return (await quarantinedIn(client, of)).filter(({ stream }) => streams.includes(stream));
}

/** Those that wait somewhere else, or not at all. */
async function writeWhatWaits(
  client: pg.ClientBase,
  of: BuildId,
  retried: ReadonlyMap<string, Retried>,
): Promise<void> {
  const over = [...retried].flatMap(([stream, { held }]) => (held ? [] : [stream]));
  await deleteQuarantined(client, of, over);
  await writeQuarantined(
    client,
    of,
    [...retried.values()].flatMap(({ held }) => held ?? []),
  );
  await countQuarantined(client, of);
  const events = [...retried.values()].reduce((sum, one) => sum + one.events, 0);
  await addEvents(client, of, events);
}

/** @returns where the key waits, if the event can't be applied. @throws what is not of the event */
async function applyOne(
  client: pg.ClientBase,
  apply: () => Promise<void>,
  { stream, revision, position, type }: RecordedEvent,
): Promise<QuarantinedEvent | null> {
  await client.query('savepoint one');
  try {
    await apply();
    await client.query('release savepoint one');
    return null;
  } catch (error) {
    await client.query('rollback to savepoint one');
    if (!isOfTheEvent(error) && !isOfNewerRelease(error)) throw error;
    return { stream, revision, position, type, message: messageOf(error) };
  }
}
