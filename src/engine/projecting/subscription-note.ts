/**
 * How a projection is connected to its log is known in its own process only. It is noted beside the checkpoint, for
 * `orderlog status` and the metrics of other processes: seldom, and never in the transaction of a page.
 */
import type pg from 'pg';
import type { Subscription, SubscriptionState } from '../core/event-store.js';
import type { BuildId } from '../builds/registry.js';
import { type Lease, writeSubscription } from './checkpoints.js';

/** A change of the connection is noted after so long at most. */
const LOOK_EVERY_MS = 1_000;
/** If nothing has changed but when the last event came, it is noted so often. */
const EVENT_EVERY_MS = 5_000;

export interface Noted {
  readonly pool: pg.Pool;
  readonly of: BuildId;
  readonly lease: Pick<Lease, 'epoch'>;
  readonly subscription: Pick<Subscription, 'state'>;
}

/**
 * Notes the state from now on; the end of it, once stopped, as not connected. Never rejects: a database that is away is
 * told of by those who need it.
 */
export function noteSubscription(
  noted: Noted,
  lookEveryMs = LOOK_EVERY_MS,
  eventEveryMs = EVENT_EVERY_MS,
): () => Promise<void> {
  let last: { readonly state: SubscriptionState; readonly at: number } | null = null;
  let writing: Promise<void> = Promise.resolve();
  const note = (state: SubscriptionState): void => {
    last = { state, at: Date.now() };
    writing = writing
      .then(() => writeSubscription(noted.pool, noted.of, noted.lease.epoch, state))
      .catch(() => undefined);
  };
  const look = (): void => {
    const state = noted.subscription.state();
    if (!state) return;
    const isDue = !last || !sameConnection(state, last.state) || Date.now() - last.at >= eventEveryMs;
    if (isDue && JSON.stringify(state) !== JSON.stringify(last?.state)) note(state);
  };
  look();
  const timer = setInterval(look, lookEveryMs);
  return async () => {
    clearInterval(timer);
    const state = noted.subscription.state() ?? last?.state;
    if (state) note({ ...state, connectedSince: null });
    await writing;
  };
}

function sameConnection(one: SubscriptionState, other: SubscriptionState): boolean {
  return one.connectedSince === other.connectedSince && JSON.stringify(one.drops) === JSON.stringify(other.drops);
}
