/** What the key store and the ids have to know of the log: after a backup of the log, or where it is on a server of its own. */
import { categoryEvents } from '../category/events.js';
import { destroyKeys, noteLostKeys } from '../crypto/user-keys.js';
import { decode, type EventStore, type RecordedEvent, streamId } from '../engine/index.js';
import { orderEvents } from '../order/events.js';
import { productEvents } from '../product/events.js';
import type { Importing } from './tables.js';

const TYPES = ['UserRegistered', 'UserErased', 'CategoryAdded', 'ProductAdded', 'OrderPlaced'];
const BATCH = 1_000;

/** Events that hold a number of a sequence. */
interface Drawn {
  readonly name: 'category' | 'product' | 'order';
  readonly type: (typeof TYPES)[number];
  readonly of: (event: RecordedEvent) => number;
}

const DRAWN: readonly Drawn[] = [
  {
    name: 'category',
    type: 'CategoryAdded',
    of: (event) => decode(event, categoryEvents.CategoryAdded).data.cat_id,
  },
  {
    name: 'product',
    type: 'ProductAdded',
    of: (event) => decode(event, productEvents.ProductAdded).data.product_id,
  },
  { name: 'order', type: 'OrderPlaced', of: (event) => decode(event, orderEvents.OrderPlaced).data.number ?? 0 },
];

export interface CaughtUp {
  readonly destroyed: number;
  /** Keys that were made after the backup, and so are gone. */
  readonly lost: number;
}

/**
 * The log is on a server of its own, and may be longer than at the time of the backup: keys of erased users are destroyed, those that
 * are lost are noted as such, and no id or number of an order is given out once more.
 */
export async function catchUpWith(into: Importing, store: EventStore, signal: AbortSignal): Promise<CaughtUp> {
  const sum = { destroyed: 0, lost: 0 };
  await inBatches(store.readAll({ filter: { types: TYPES }, signal }), signal, async (batch) => {
    sum.lost += await noteLostKeys(into.client, streamsOf(batch, 'UserRegistered'));
    sum.destroyed += await destroyKeys(into.client, streamsOf(batch, 'UserErased'));
    for (const drawn of DRAWN) await moveBeyond(into, batch, drawn);
  });
  return sum;
}

/** The keys of all users that the log in the backup says are erased: their erasure may have been under way. */
export async function destroyErased(into: Importing, signal: AbortSignal): Promise<CaughtUp> {
  const sum = { destroyed: 0, lost: 0 };
  await inBatches(into.readLog({ types: ['UserErased'] }, signal), signal, async (batch) => {
    sum.destroyed += await destroyKeys(into.client, streamsOf(batch, 'UserErased'));
  });
  return sum;
}

async function inBatches(
  events: AsyncIterable<RecordedEvent>,
  signal: AbortSignal,
  work: (batch: readonly RecordedEvent[]) => Promise<void>,
): Promise<void> {
  let batch: RecordedEvent[] = [];
  for await (const event of events) {
    batch.push(event);
    if (batch.length < BATCH) continue;
    await work(batch);
    batch = [];
  }
  signal.throwIfAborted();
  await work(batch);
}

function streamsOf(events: readonly RecordedEvent[], type: string): string[] {
  return events.filter((event) => event.type === type).map(({ stream }) => streamId(stream));
}

async function moveBeyond(into: Importing, events: readonly RecordedEvent[], { name, type, of }: Drawn): Promise<void> {
  const largest = events.filter((event) => event.type === type).reduce((most, event) => Math.max(most, of(event)), 0);
  if (largest > 0) await into.sequence(name).moveBeyond(largest);
}
