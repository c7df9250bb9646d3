/** Lets streams that wait in a reactor continue, by today's code (docs/decisions/0026). */
import type pg from 'pg';
import { inTransaction } from '../postgres/transaction.js';
import type { CommandHandler } from '../core/command-handler.js';
import type { EventStore, Position } from '../core/event-store.js';
import type { RecordedEvent } from '../core/message.js';
import { checkpointOf } from '../projecting/checkpoint-reads.js';
import { addEvents, fence } from '../projecting/checkpoints.js';
import { concerns } from '../projecting/reads.js';
import { messageOf, type Quarantine, type QuarantinedEvent } from '../quarantine/quarantine.js';
import {
  countQuarantined,
  deleteQuarantined,
  newQuarantine,
  quarantinedIn,
  writeQuarantined,
  writeSkipped,
} from '../quarantine/quarantined.js';
import { eventsOf, gone, LOCK_MS, type Retried } from '../quarantine/retry-keys.js';
import { react } from './react.js';
import { checkpointIdOf, keysOf, type Reactor } from './reactor.js';
import { isTransient } from './transient.js';

interface Deps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly handler: CommandHandler;
}

interface Streams {
  readonly reactor: Reactor;
  readonly streams: readonly string[];
}

/**
 * Handles the events of each stream from where it waits up to the checkpoint, in order, as far as they can be. The event that it waits
 * at is always one of them, also while the checkpoint is still before it; the owner handles what is behind both.
 * @param skip leaves the event that a stream waits at out for good, for this reason
 * @returns by stream; without those that do not wait (any more)
 * @throws what may be gone at the next try; what was handled by then is handled again
 */
export async function retryReactions(
  deps: Deps,
  { reactor, streams }: Streams,
  skip: { readonly reason: string } | null,
): Promise<ReadonlyMap<string, Retried>> {
  const retried = new Map<string, Retried>();
  for (const held of await quarantinedIn(deps.pool, checkpointIdOf(reactor))) {
    if (!streams.includes(held.stream)) continue;
    const one = await retryStream(deps, reactor, held, skip);
    if (one) retried.set(held.stream, one);
  }
  return retried;
}

async function retryStream(
  deps: Deps,
  reactor: Reactor,
  held: QuarantinedEvent,
  skip: { readonly reason: string } | null,
): Promise<Retried | null> {
  const { pool } = deps;
  const of = checkpointIdOf(reactor);
  const quarantine = await newQuarantine(pool, { name: reactor.name, ...keysOf(reactor) });
  const handle = handling(deps, reactor, quarantine);
  // 1. While the reactor runs: its owner leaves this stream alone. An effect that comes twice is one.
  const reached = (await checkpointOf(pool, of))?.position;
  if (reached === undefined) return null;
  // The entry is there at once, the checkpoint moves later: now and then, and not before older events of other streams are done.
  const read = reached > held.position ? reached : held.position;
  const events = await eventsOf(deps.store, held, read);
  if (events[0]?.revision !== held.revision) return { events: 0, held: gone(held), skipped: false };
  const first = await handle(events.slice(skip ? 1 : 0));
  return inTransaction(pool, async (client) => {
    await client.query(`set local lock_timeout = ${LOCK_MS}`);
    // 2. The owner must take its lease again, and finds what is changed here.
    const checkpoint = await fence(client, of);
    const now = (await quarantinedIn(client, of)).find(({ stream }) => stream === held.stream);
    if (checkpoint === null || !now) return null;
    // What somebody else has changed meanwhile is left to the next try.
    if (now.revision !== held.revision) return { events: 0, held: now, skipped: false };
    // 3. What the owner has left out since.
    const later = first.held ? [] : await eventsAfter(deps.store, held, read, checkpoint);
    const rest = await handle(later);
    if (skip) await writeSkipped(client, reactor.name, held, skip.reason);
    const waits = first.held ?? rest.held;
    await (waits ? writeQuarantined(client, of, [waits]) : deleteQuarantined(client, of, [held.stream]));
    await countQuarantined(client, of);
    await addEvents(client, of, first.events + rest.events);
    return { events: first.events + rest.events, held: waits, skipped: skip !== null };
  });
}

type Handled = Pick<Retried, 'events' | 'held'>;

function handling(
  { handler }: Deps,
  reactor: Reactor,
  quarantine: Quarantine,
): (events: readonly RecordedEvent[]) => Promise<Handled> {
  const { signal } = new AbortController();
  return async (events) => {
    let done = 0;
    for (const event of events) {
      if (!concerns(reactor, event) || !quarantine.lets(event)) continue;
      try {
        await react(reactor, event, { handler, signal });
        done += 1;
      } catch (error) {
        if (isTransient(error)) throw error;
        const { stream, revision, position, type } = event;
        return { events: done, held: { stream, revision, position, type, message: messageOf(error) } };
      }
    }
    return { events: done, held: null };
  };
}

async function eventsAfter(
  store: EventStore,
  held: QuarantinedEvent,
  from: Position,
  until: Position,
): Promise<RecordedEvent[]> {
  if (until <= from) return [];
  return (await eventsOf(store, held, until)).filter(({ position }) => position > from);
}
