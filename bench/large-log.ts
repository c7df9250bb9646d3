/** A made-up log of orders of any size, appended directly: what a bound by number alone does not bound. */
import { randomUUID } from 'node:crypto';
import type { EventStore } from '../src/engine/core/event-store.js';
import type { JsonObject, NewEvent } from '../src/engine/core/message.js';
import { forEachInFlight } from '../src/engine/in-flight.js';
import { orderEvents } from '../src/order/events.js';
import { productEvents } from '../src/product/events.js';
import { userEvents } from '../src/user/events.js';
import { categoryEvents } from '../src/category/events.js';
import type { EventType, StoredFact } from '../src/engine/core/event-type.js';
import { named } from './synthetic-log.js';

export interface LargeLog {
  readonly orders: number;
  readonly lines: number;
  /** Of a product's name, in characters. */
  readonly name: number;
}

const AT = '2026-01-01T00:00:00.000Z';
const AT_ONCE = 8;
const CATEGORIES = 20;
const PRODUCTS = 200;

/** A few categories, products that stand in one each, one user, and the orders. @returns how many events */
export async function appendLarge(store: EventStore, { orders, lines, name }: LargeLog): Promise<number> {
  const user_id = randomUUID();
  const sealed = `1.${randomUUID()}.${'x'.repeat(60)}` as StoredFact<typeof userEvents.UserRegistered>['data']['name'];
  const user = { user_id, name: sealed, email: sealed, email_hash: user_id, id_proof: null, registered_at: AT };
  await store.append(`user-${user_id}`, [event(userEvents.UserRegistered, user)], 'none');
  const tree = numbers(CATEGORIES).map((cat_id) =>
    event(categoryEvents.CategoryAdded, {
      cat_id,
      code: null,
      name: `Category ${cat_id}`,
      parent_cat_id: null,
      added_at: AT,
    }),
  );
  await store.append('categoryTree-main', tree, 'none');
  await forEachInFlight(numbers(PRODUCTS), PRODUCTS, async (product_id) => {
    const fixed = { price: 100, currency: 'EUR', cat_ids: [1 + (product_id % CATEGORIES)], added_at: AT };
    const added = { product_id, sku: `SKU-${product_id}`, name: nameOf(product_id, 0, name), ...fixed };
    await store.append(`product-${product_id}`, [event(productEvents.ProductAdded, added)], 'none');
  });
  await forEachInFlight(numbers(orders), AT_ONCE, async (n) => {
    const order_id = randomUUID();
    const items = numbers(lines).map((line) => {
      const product_id = 1 + (line % PRODUCTS);
      const fixed = { quantity: 1 + (n % 9), unit_price: 100 };
      return { line, product_id, sku: `SKU-${product_id}`, name: nameOf(line, n, name), ...fixed };
    });
    const total = items.reduce((sum, { quantity, unit_price }) => sum + quantity * unit_price, 0);
    const placed = event(orderEvents.OrderPlaced, {
      ...{ order_id, user_id, ...named(n), currency: 'EUR', items, total, placed_at: AT },
    });
    const paid = event(orderEvents.OrderPaid, { order_id, user_id, reference: null, reserved: [], paid_at: AT });
    await store.append(`order-${order_id}`, n % 2 === 0 ? [placed, paid] : [placed], 'none');
  });
  return 1 + CATEGORIES + PRODUCTS + orders + Math.floor(orders / 2);
}

/** Letters that compress little, so that the log is large on the disk too. */
function nameOf(product: number, order: number, length: number): string {
  let text = `Product ${product} `;
  for (
    let seed = product * 7_919 + order * 104_729;
    text.length < length;
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
  )
    text += seed.toString(36);
  return text.slice(0, length);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function event<T extends EventType>(type: T, data: StoredFact<T>['data']): NewEvent {
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
