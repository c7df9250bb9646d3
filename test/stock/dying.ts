/** The process of a request dies before or after each of its appends. Another process then finishes or undoes what it left. */
import type { Test } from 'tap';
import { sweepPending } from '../../src/stock/sweep.js';
import { derivedContext } from '../../src/engine/reacting/derived-context.js';
import { EventStoreUnavailable } from '../../src/engine/core/errors.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import type { Answer } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { runningApp, type RunningApp } from '../support/running-app.js';

export const ON_HAND = 100;

export interface Attacked {
  readonly shop: RunningApp;
  readonly products: readonly number[];
  readonly order: (quantities: readonly number[], key?: string) => Promise<Answer>;
}

export async function attacked(t: Test, onHand: readonly number[]): Promise<Attacked> {
  const shop = await runningApp(t);
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory();
  const products: number[] = [];
  for (const on_hand of onHand) {
    const { product_id } = await shop.addProduct([cat_id]);
    await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand } });
    products.push(product_id);
  }
  await atRest(shop);
  return {
    shop,
    products,
    order: (quantities, key) =>
      shop.http.send('POST', '/v1/orders', {
        json: { user_id, items: quantities.map((quantity, i) => ({ product_id: products[i], quantity })) },
        ...(key !== undefined && { headers: { 'idempotency-key': key } }),
      }),
  };
}

/** A death: after so many appends nothing more of the process reaches the log. The last one may, though its answer does not. */
interface Death {
  readonly appends: number;
  readonly lastArrives: boolean;
}

/** @returns whether the process died before the work was over */
export async function dyingAt(
  store: EventStore,
  { appends, lastArrives }: Death,
  work: () => Promise<unknown>,
): Promise<boolean> {
  const original = store.append;
  let begun = 0;
  store.append = async (...args) => {
    begun += 1;
    if (begun < appends) return original.apply(store, args);
    if (begun === appends && lastArrives) await original.apply(store, args);
    throw new EventStoreUnavailable('the process is dead');
  };
  try {
    await work();
  } finally {
    store.append = original;
  }
  return begun >= appends;
}

/** Everything that is in the log is in the read models, and the reactor has handled it. */
export async function atRest({ runtime }: RunningApp): Promise<void> {
  const head = await runtime.store.head();
  await until(async () => {
    const { rows } = await runtime.pool.query('select from orderlog.checkpoints where position < $1', [head]);
    return rows.length === 0;
  });
}

/** What a process does that comes after the death: its reactor, and a sweep after the time of grace. */
export async function recovered(shop: RunningApp): Promise<void> {
  await shop.stopProjectors();
  shop.startProjectors();
  await atRest(shop);
  const { runtime } = shop;
  const { reactorDeps } = runtime.openStock;
  const context = (purpose: string): ReturnType<typeof derivedContext> =>
    derivedContext({ reactor: 'order-stock', event: null, purpose });
  // As if the time of grace were over.
  const pending: typeof reactorDeps.pending = (_, limit) => runtime.models.stock.pending('9', limit);
  await sweepPending({ ...reactorDeps, pending }, context);
  await atRest(shop);
}

/** The stock of each product is what the orders' own streams say, none is oversold, and the proof agrees. */
export async function checkStock(
  t: Test,
  { shop, products }: Attacked,
  counted: readonly number[],
  what: string,
): Promise<void> {
  const { store, openStock } = shop.runtime;
  const reserved = new Map<number, number>();
  const issued = new Map<number, number>();
  for await (const { type, data } of store.readAll({ filter: { streamPrefixes: ['order-'] } })) {
    const sign = { OrderPlaced: [1, 0], OrderPaid: [-1, 1], OrderCancelled: [-1, 0] }[type];
    for (const { product_id, quantity } of (data['reserved'] ?? []) as { product_id: number; quantity: number }[]) {
      reserved.set(product_id, (reserved.get(product_id) ?? 0) + quantity * (sign?.[0] ?? 0));
      issued.set(product_id, (issued.get(product_id) ?? 0) + quantity * (sign?.[1] ?? 0));
    }
  }
  for (const [i, product] of products.entries()) {
    const { state } = await openStock.stocks.current(String(product));
    const wanted = {
      on_hand: (counted[i] ?? 0) - (issued.get(product) ?? 0),
      reserved: reserved.get(product) ?? 0,
    };
    t.same({ on_hand: state.on_hand, reserved: state.reserved }, wanted, `${what}: the stock of product ${product}`);
  }
}

export async function eachDeath(work: (death: Death, what: string) => Promise<boolean>): Promise<number> {
  for (let appends = 1; ; appends++) {
    let died = false;
    for (const lastArrives of [false, true]) {
      const what = `dead ${lastArrives ? 'after' : 'before'} append ${appends}`;
      died = (await work({ appends, lastArrives }, what)) || died;
    }
    if (!died) return appends - 1;
  }
}
