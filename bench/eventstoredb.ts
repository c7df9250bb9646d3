/**
 * `npm run bench:eventstore`: the adapter beside the bare client, on the server at TEST_EVENTSTORE_URL. Both take turns in one
 * run; medians of the rounds. Nothing is deleted there: what it writes stays in streams of its own.
 *
 *   npm run bench:eventstore -- --quick     one short round of each
 */
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { EventStoreDBClient, jsonEvent, NO_STREAM, START as FIRST } from '@eventstore/db-client';
import { v7 as uuidv7 } from 'uuid';
import type { NewEvent } from '../src/engine/core/message.js';
import { openEventStoreDb } from '../src/engine/log/eventstoredb/store.js';

const url = process.env['TEST_EVENTSTORE_URL'];
if (!url) {
  console.error('set TEST_EVENTSTORE_URL to a server, esdb://127.0.0.1:2113?tls=false say');
  process.exit(2);
}
const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 1 : 5;
const APPEND_MS = quick ? 1_500 : 2_500;
/** Events that are read back in each round. */
const READ = 20_000;

const store = await openEventStoreDb(url);
const client = EventStoreDBClient.connectionString(url);
const prefix = `bench${randomUUID().replaceAll('-', '')}-`;

function order(): NewEvent {
  const items = [1, 2, 3].map((line) => ({
    line,
    product_id: line,
    sku: `SKU-${line}`,
    quantity: 2,
    unit_price: 1_999,
  }));
  const data = { order_id: randomUUID(), user_id: randomUUID(), currency: 'EUR', total: 11_994, items };
  const metadata = {
    schema_version: 1,
    command_id: randomUUID(),
    correlation_id: randomUUID(),
    actor: { kind: 'bench' },
  };
  return { id: uuidv7(), type: 'BenchOrderPlaced', data, metadata };
}

const byAdapter = async (): Promise<unknown> => store.append(prefix + randomUUID(), [order()], 'none');
const bare = async (): Promise<unknown> => {
  const event = jsonEvent({ ...order() });
  return client.appendToStream(prefix + randomUUID(), event, { expectedRevision: NO_STREAM, requiresLeader: true });
};

/** Appends to new streams, so many under way at a time. @returns per second */
async function appending(append: () => Promise<unknown>, atOnce: number): Promise<number> {
  const since = performance.now();
  let done = 0;
  const one = async (): Promise<void> => {
    for (; performance.now() - since < APPEND_MS; done++) await append();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return done / ((performance.now() - since) / 1_000);
}

async function readingByAdapter(): Promise<number> {
  const since = performance.now();
  let count = 0;
  for await (const _ of store.readAll({ limit: READ })) count++;
  return count / ((performance.now() - since) / 1_000);
}

async function readingBare(): Promise<number> {
  const since = performance.now();
  let count = 0;
  for await (const { event } of client.readAll({ fromPosition: FIRST, maxCount: READ })) {
    if (event && !event.type.startsWith('$')) count++;
  }
  return count / ((performance.now() - since) / 1_000);
}

async function compare(what: string, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<void> {
  const rounds: [number, number][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Who goes first finds the caches as the other has left them: that takes turns too.
    if (round % 2 === 0) rounds.push([await ours(), await theirs()]);
    else {
      const their = await theirs();
      rounds.push([await ours(), their]);
    }
  }
  const [our, their] = [median(rounds.map(([one]) => one)), median(rounds.map(([, other]) => other))];
  console.log(
    `${what.padEnd(36)} ${our.toFixed(0).padStart(8)}/s ${their.toFixed(0).padStart(8)}/s ${(our / their).toFixed(2)}`,
  );
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, server ${await store.version()}`,
);
console.log(`${''.padEnd(36)} ${'adapter'.padStart(10)} ${'bare'.padStart(10)} ratio`);
// Neither is to pay for what is compiled and connected the first time.
for (const append of [byAdapter, bare]) await appending(append, 16);
for (const atOnce of [1, 16, 64]) {
  await compare(
    `append, ${atOnce} at once`,
    () => appending(byAdapter, atOnce),
    () => appending(bare, atOnce),
  );
}
for (let written = 0; written < READ; written += 200) {
  await store.append(prefix + randomUUID(), Array.from({ length: 200 }, order), 'none');
}
await compare(`read all, ${READ} events`, readingByAdapter, readingBare);
await store.close();
await client.dispose();
// The client keeps its connection, and the process with it.
process.exit(0);
