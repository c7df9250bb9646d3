/** What the key store and the ids have to know of the log: after a backup of the log, or where it is on a server of its own. */
import { categoryEvents } from '../category/events.js';
import { destroyKeys, noteLostKeys } from '../crypto/user-keys.js';
import { decode, type EventStore, type RecordedEvent, streamId } from '../engine/index.js';
import { orderEvents } from '../order/events.js';
import { productEvents } from '../product/events.js';
import type { Importing } from './tables.js';

const TYPES = ['UserRegistered', 'UserErased', 'CategoryAdded', 'ProductAdded', 'OrderPlaced'];
const BATCH = 1_000;

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
    await moveBeyond(
      into,
      'category',
      batch,
      'CategoryAdded',
      (event) => decode(event, categoryEvents.CategoryAdded).data.cat_id,
    );
    await moveBeyond(
      into,
      'product',
      batch,
      'ProductAdded',
      (event) => decode(event, productEvents.ProductAdded).data.product_id,
    );
    await moveBeyond(
      into,
      'order',
      batch,
      'OrderPlaced',
      (event) => decode(event, orderEvents.OrderPlaced).data.number,
    );
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

async function moveBeyond(
  into: Importing,
  name: 'category' | 'product' | 'order',
  events: readonly RecordedEvent[],
  type: string,
  idOf: (event: RecordedEvent) => number | null,
): Promise<void> {
  const ids = events.filter((event) => event.type === type).map((event) => idOf(event) ?? 0);
  const largest = ids.reduce((a, b) => Math.max(a, b), 0);
  if (largest > 0) await into.sequence(name).moveBeyond(largest);
}
