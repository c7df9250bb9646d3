/** Appends that the rows on EventStoreDB have in common. */
import { randomUUID } from 'node:crypto';
import { type EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { v7 as uuidv7 } from 'uuid';
import type { NewEvent } from '../src/engine/core/message.js';
import { interleaved } from './row.js';
import { median } from './statistics.js';

/** What the appends of one run write into: streams of its own. */
export const prefix = `bench${randomUUID().replaceAll('-', '')}-`;

export function order(): NewEvent {
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

export async function bareAppend(client: EventStoreDBClient): Promise<unknown> {
  const event = jsonEvent({ ...order() });
  return client.appendToStream(prefix + randomUUID(), event, { expectedRevision: NO_STREAM, requiresLeader: true });
}

/** Both sides by turns. Prints the medians and their ratio. */
export async function compare(
  what: string,
  rounds: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<void> {
  const found = await interleaved(rounds, ours, theirs);
  const [our, their] = [median(found.ours), median(found.peer)];
  console.log(
    `${what.padEnd(36)} ${our.toFixed(0).padStart(8)}/s ${their.toFixed(0).padStart(8)}/s ${(our / their).toFixed(2)}`,
  );
}
