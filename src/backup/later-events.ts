/** Where the log is on a server of its own, it may have gone on since the backup, of which the key store has to know. */
import type pg from 'pg';
import { categoryEvents } from '../category/events.js';
import { decode, type EventStore, type RecordedEvent, streamId } from '../engine/index.js';
import { productEvents } from '../product/events.js';
import { destroyKeys } from './erased-users.js';

const TYPES = ['UserRegistered', 'UserErased', 'CategoryAdded', 'ProductAdded'];
const BATCH = 1_000;

export interface CaughtUp {
  readonly destroyed: number;
  /** Keys that were made after the backup, and so are gone. */
  readonly lost: number;
}

/** Keys of erased users are destroyed, those that are lost are noted as such, and no id is given out once more. */
export async function catchUpWith(client: pg.ClientBase, store: EventStore, signal: AbortSignal): Promise<CaughtUp> {
  const sum = { destroyed: 0, lost: 0 };
  let batch: RecordedEvent[] = [];
  const flush = async (): Promise<void> => {
    // A user without a key would get a new one, which opens nothing of what the old one has sealed.
    sum.lost += await noteLost(client, streamsOf(batch, 'UserRegistered'));
    sum.destroyed += await destroyKeys(client, streamsOf(batch, 'UserErased'));
    await moveBeyond(client, 'category', batch, (event) => decode(event, categoryEvents.CategoryAdded).data.cat_id);
    await moveBeyond(client, 'product', batch, (event) => decode(event, productEvents.ProductAdded).data.product_id);
    batch = [];
  };
  for await (const event of store.readAll({ filter: { types: TYPES }, signal })) {
    batch.push(event);
    if (batch.length >= BATCH) await flush();
  }
  signal.throwIfAborted();
  await flush();
  return sum;
}

function streamsOf(events: readonly RecordedEvent[], type: string): string[] {
  return events.filter((event) => event.type === type).map(({ stream }) => streamId(stream));
}

async function noteLost(client: pg.ClientBase, userIds: readonly string[]): Promise<number> {
  const { rowCount } = await client.query(
    `insert into orderlog.user_keys (user_id, destroyed_at)
     select distinct id, clock_timestamp() from unnest($1::uuid[]) as id on conflict do nothing`,
    [userIds],
  );
  return rowCount ?? 0;
}

async function moveBeyond(
  client: pg.ClientBase,
  name: 'category' | 'product',
  events: readonly RecordedEvent[],
  idOf: (event: RecordedEvent) => number,
): Promise<void> {
  const type = name === 'category' ? 'CategoryAdded' : 'ProductAdded';
  const ids = events.filter((event) => event.type === type).map(idOf);
  if (ids.length === 0) return;
  await client.query('update orderlog.id_sequences set last = greatest(last, $2) where name = $1', [
    name,
    ids.reduce((a, b) => Math.max(a, b)),
  ]);
}
