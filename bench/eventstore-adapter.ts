/** The adapter beside the bare client: appends, and reads of `$all`. */
import { randomUUID } from 'node:crypto';
import { type EventStoreDBClient, START as FIRST } from '@eventstore/db-client';
import { openEventStoreDb } from '../src/engine/log/eventstoredb/store.js';
import { bareAppend, compare, order, prefix } from './eventstore-appends.js';
import { callsPerSecond } from './row.js';

/** Events that are read back in each round. */
const READ = 20_000;

export async function measureAdapter(url: string, client: EventStoreDBClient, quick: boolean): Promise<void> {
  const rounds = quick ? 1 : 5;
  const ms = quick ? 1_500 : 2_500;
  const store = await openEventStoreDb(url);
  console.log(`server ${await store.version()}`);
  console.log(`${''.padEnd(36)} ${'adapter'.padStart(10)} ${'bare'.padStart(10)} ratio`);
  const byAdapter = (): Promise<unknown> => store.append(prefix + randomUUID(), [order()], 'none');
  const bare = (): Promise<unknown> => bareAppend(client);
  // Neither is to pay for what is compiled and connected the first time.
  for (const append of [byAdapter, bare]) await callsPerSecond(append, 16, ms);
  for (const atOnce of [1, 16, 64]) {
    await compare(
      `append, ${atOnce} at once`,
      rounds,
      () => callsPerSecond(byAdapter, atOnce, ms),
      () => callsPerSecond(bare, atOnce, ms),
    );
  }
  for (let written = 0; written < READ; written += 200) {
    await store.append(prefix + randomUUID(), Array.from({ length: 200 }, order), 'none');
  }
  await compare(
    `read all, ${READ} events`,
    rounds,
    () => perSecond(store.readAll({ limit: READ })),
    () => perSecond(bareEvents(client)),
  );
  await store.close();
}

async function* bareEvents(client: EventStoreDBClient): AsyncGenerator {
  for await (const { event } of client.readAll({ fromPosition: FIRST, maxCount: READ })) {
    if (event && !event.type.startsWith('$')) yield event;
  }
}

async function perSecond(events: AsyncIterable<unknown>): Promise<number> {
  const since = performance.now();
  let count = 0;
  for await (const _ of events) count++;
  return count / ((performance.now() - since) / 1_000);
}
