/** A made-up log of any length: a tree, products, users, and orders of three lines that are mostly paid in the end. */
import { randomUUID } from 'node:crypto';
import { categoryEvents } from '../src/category/events.js';
import type { EventStore } from '../src/engine/core/event-store.js';
import { type EventType, mapPersonal, type StoredFact } from '../src/engine/core/event-type.js';
import type { JsonObject, NewEvent } from '../src/engine/core/message.js';
import type { Vault } from '../src/engine/core/vault.js';
import { forEachInFlight } from '../src/engine/in-flight.js';
import { orderEvents } from '../src/order/events.js';
import { productEvents } from '../src/product/events.js';
import { userEvents } from '../src/user/events.js';

const PRODUCTS = 3_000;
const LINES = 3;
const AT_ONCE = 200;

const START_MS = Date.UTC(2026, 0, 1);

/**
 * Appends at least so many events, as commands would.
 * @param vault seals what is personal; without it nobody can open that
 * @returns how many
 */
export async function appendSynthetic(store: EventStore, events: number, vault?: Vault): Promise<number> {
  const tree = [...treeOf(4, 5)];
  await store.append('categoryTree-main', tree, 'any');
  const leaves = tree.length - (5 + 25 + 125);
  const leaf = (n: number): number => 5 + 25 + 125 + 1 + (n % leaves);
  const users = Array.from({ length: Math.max(100, Math.round(events / 100)) }, () => randomUUID());
  let appended = tree.length;
  const one = async (stream: string, ...facts: readonly NewEvent[]): Promise<void> => {
    await store.append(stream, facts, 'any');
    appended += facts.length;
  };
  await forEachInFlight(
    Array.from({ length: PRODUCTS }, (_, i) => i + 1),
    AT_ONCE,
    (id) => one(`product-${id}`, event(productEvents.ProductAdded, product(id, [leaf(id), leaf(id * 7 + 3)]))),
  );
  await forEachInFlight(users, AT_ONCE, async (id) => {
    const registered = event(userEvents.UserRegistered, user(id));
    const stream = `user-${id}`;
    const seal = (text: string, field: string): Promise<string> =>
      vault?.seal(id, { stream, field, eventId: registered.id }, text) ?? Promise.resolve(text);
    const data = await mapPersonal(registered.data, userEvents.UserRegistered.personal, seal);
    await one(stream, { ...registered, data });
  });
  const left = Math.max(0, events - appended);
  const orders = Math.ceil(left / 1.9);
  await forEachInFlight(
    Array.from({ length: orders }, (_, i) => i),
    AT_ONCE,
    async (i) => {
      const order_id = randomUUID();
      const user_id = users[i % users.length] as string;
      const at = new Date(START_MS + i * 1_000).toISOString();
      await one(`order-${order_id}`, event(orderEvents.OrderPlaced, order(order_id, user_id, i, at)));
      if (i % 10 === 9) return;
      const fact =
        i % 10 === 8
          ? event(orderEvents.OrderCancelled, { order_id, user_id, reason: null, reserved: [], cancelled_at: at })
          : event(orderEvents.OrderPaid, { order_id, user_id, reference: null, reserved: [], paid_at: at });
      await one(`order-${order_id}`, fact);
    },
  );
  return appended;
}

function* treeOf(levels: number, width: number): Generator<NewEvent> {
  let above: (number | null)[] = [null];
  let id = 0;
  for (let level = 0; level < levels; level++) {
    const here: number[] = [];
    for (const parent_cat_id of above) {
      for (let i = 0; i < width; i++) {
        here.push(++id);
        const at = new Date(START_MS).toISOString();
        yield event(categoryEvents.CategoryAdded, {
          cat_id: id,
          code: null,
          name: `Category ${id}`,
          parent_cat_id,
          added_at: at,
        });
      }
    }
    above = here;
  }
}

function product(product_id: number, cats: readonly number[]): StoredFact<typeof productEvents.ProductAdded>['data'] {
  const cat_ids = [...new Set(cats)];
  const added_at = new Date(START_MS).toISOString();
  return {
    product_id,
    sku: `SKU-${product_id}`,
    name: `Product ${product_id}`,
    price: 100,
    currency: 'EUR',
    cat_ids,
    added_at,
  };
}

function user(user_id: string): StoredFact<typeof userEvents.UserRegistered>['data'] {
  const sealed = `1.${randomUUID()}.${'x'.repeat(60)}` as StoredFact<typeof userEvents.UserRegistered>['data']['name'];
  const registered_at = new Date(START_MS).toISOString();
  return { user_id, name: sealed, email: sealed, email_hash: user_id, id_proof: null, registered_at };
}

function order(
  order_id: string,
  user_id: string,
  n: number,
  placed_at: string,
): StoredFact<typeof orderEvents.OrderPlaced>['data'] {
  const items = Array.from({ length: LINES }, (_, line) => {
    const product_id = 1 + ((n * 31 + line * 977 + (n >> 5)) % PRODUCTS);
    const fixed = { name: `Product ${product_id}`, quantity: 1 + (n % 9), unit_price: 100 };
    return { line: line + 1, product_id, sku: `SKU-${product_id}`, ...fixed };
  });
  const total = items.reduce((sum, { quantity, unit_price }) => sum + quantity * unit_price, 0);
  return { order_id, user_id, ...named(n + 1), currency: 'EUR', items, total, placed_at };
}

/** What an order has of version 2. Nobody has given a reference. */
export function named(
  number: number,
): Pick<
  StoredFact<typeof orderEvents.OrderPlaced>['data'],
  'number' | 'external_reference' | 'external_reference_hash' | 'reserved'
> {
  return { number, external_reference: null, external_reference_hash: null, reserved: [] };
}

export function event<T extends EventType>(type: T, data: StoredFact<T>['data']): NewEvent {
  const metadata = {
    schema_version: type.version,
    command_id: randomUUID(),
    fingerprint: 'x'.repeat(43),
    correlation_id: randomUUID(),
    causation_id: randomUUID(),
    actor: { kind: 'anonymous', id: null },
  };
  return { id: randomUUID(), type: type.type, data: data as unknown as JsonObject, metadata };
}
