/** The process of a request dies before or after each of its appends. Another process then finishes or undoes what it left. */
import { EventStoreUnavailable } from '../../../src/engine/core/errors.js';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import { derivedContext } from '../../../src/engine/reacting/derived-context.js';
import { sweepPending } from '../../../src/stock/sweep.js';
import { until } from '../orderlog.js';
import type { RunningApp } from '../running-app.js';

/** After so many appends nothing more of the process reaches the log. The last one may, though its answer does not. */
interface Death {
  readonly appends: number;
  readonly lastArrives: boolean;
}

/** Does the work again and again, with a death before and after each append that it makes. @returns how many those are */
export async function eachDeath(
  store: EventStore,
  work: (what: string) => Promise<unknown>,
  afterwards: (what: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<number> {
  for (let appends = 1; ; appends++) {
    let died = false;
    for (const lastArrives of [false, true]) {
      const what = `dead ${lastArrives ? 'after' : 'before'} append ${appends}`;
      died = (await dyingAt(store, { appends, lastArrives }, () => work(what))) || died;
      await afterwards(what);
    }
    if (!died) return appends - 1;
  }
}

/** @returns whether the process died before the work was over */
async function dyingAt(
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
  }, 60_000);
}

/**
 * What a process does that comes after the deaths: its projectors and its reactor, and a sweep after the time of grace.
 * @param counted how many there are of each product
 * @returns what is wrong with the stock even after a minute
 */
export async function recovered(shop: RunningApp, counted: ReadonlyMap<number, number>): Promise<string[]> {
  await shop.stopProjectors();
  shop.startProjectors();
  const { runtime } = shop;
  await runtime.engine.catchUp(await runtime.store.head(), 30_000);
  const { reactorDeps } = runtime.openStock;
  const context = (purpose: string): ReturnType<typeof derivedContext> =>
    derivedContext({ reactor: 'order-stock', event: null, purpose });
  // As if the time of grace were over.
  const pending: typeof reactorDeps.pending = (_, limit) => runtime.models.stock.pending('9', limit);
  await sweepPending({ ...reactorDeps, pending }, context);
  await until(async () => (await wrongStock(shop, counted)).length === 0, 60_000).catch(() => undefined);
  return wrongStock(shop, counted);
}

/** Each product holds, order by order, what the orders' own streams say, and so many are on hand as were counted and not issued. */
export async function wrongStock({ runtime }: RunningApp, counted: ReadonlyMap<number, number>): Promise<string[]> {
  const held = new Map([...counted.keys()].map((id) => [id, new Map<string, number>()]));
  const onHand = new Map(counted);
  for await (const { type, data } of runtime.store.readAll({ filter: { streamPrefixes: ['order-'] } })) {
    const { order_id = '', reserved = [] } = data as { order_id?: string; reserved?: Held[] };
    for (const { product_id, quantity } of reserved) {
      if (type === 'OrderPlaced') held.get(product_id)?.set(order_id, quantity);
      else held.get(product_id)?.delete(order_id);
      if (type === 'OrderPaid') onHand.set(product_id, (onHand.get(product_id) ?? 0) - quantity);
    }
  }
  const wrong: string[] = [];
  for (const [id, orders] of held) {
    const { state } = await runtime.openStock.stocks.current(String(id));
    if (state.on_hand !== onHand.get(id)) wrong.push(`product ${id}: ${state.on_hand} on hand, not ${onHand.get(id)}`);
    const holding = [...state.reservations.values()].map(({ order_id }) => order_id);
    for (const orderId of new Set([...orders.keys(), ...holding])) {
      const [is, should] = [state.reservations.get(orderId)?.quantity, orders.get(orderId)];
      if (is !== should) wrong.push(`product ${id}: order ${orderId} holds ${is ?? 0}, not ${should ?? 0}`);
    }
  }
  return wrong;
}

interface Held {
  readonly product_id: number;
  readonly quantity: number;
}
