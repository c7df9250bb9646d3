/** PlaceOrder, with the stock of tracked products reserved before the order is recorded (docs/decisions/0027). */
import {
  type CommandContext,
  type CommandHandler,
  errors,
  type Fault,
  type Outcome,
  Refusal,
} from '../engine/index.js';
import { abandonOrder, OrderSpent, refuseSpent } from './abandon.js';
import type { PlaceOrder } from './commands.js';
import { orderDecider, type OrderState } from './decider.js';
import { orderStanding } from './standing.js';
import type { OrderStock, Quantity } from './stock.js';
import { orderStream } from './stream.js';

export interface PlaceOrderDeps {
  readonly handler: CommandHandler;
  readonly stock: OrderStock;
}

export interface Placing {
  /** The id of the order; another one for each attempt whose id was abandoned. */
  readonly idOf: (attempt: number) => string;
  /** Whether another request may come to the same id: a retry, or one with the same reference. */
  readonly isShared: boolean;
  /** The command with the facts of the moment, without stock. */
  readonly command: (orderId: string) => Promise<PlaceOrder>;
}

const TRIES = 10;

/** @throws Refusal */
export async function placeOrder(
  deps: PlaceOrderDeps,
  placing: Placing,
  context: CommandContext,
): Promise<Outcome<OrderState>> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      return await placeAs(deps, placing.idOf(attempt), placing, context);
    } catch (error) {
      if (!(error instanceof OrderSpent)) throw error;
      // It took so long that others took over what was reserved. No order has been placed under that id, nor ever will be.
    }
  }
  throw new Refusal('revision-conflict', 'Placing the order took too long again and again.');
}

async function placeAs(
  deps: PlaceOrderDeps,
  orderId: string,
  placing: Placing,
  context: CommandContext,
): Promise<Outcome<OrderState>> {
  const { handler, stock } = deps;
  let held: readonly Quantity[] = [];
  const command = async (): Promise<PlaceOrder> => {
    const bare = await placing.command(orderId);
    const wanted = wantedOf(bare);
    if (wanted.length === 0) return bare;
    // 1. The order's own rules: a refused order reserves nothing.
    orderDecider.decide(null, bare);
    // 2. An earlier attempt may have placed it: then the append loses, and the stream is read.
    if (placing.isShared && (await handler.load(orderStream, orderId)).revision >= 0) return bare;
    // 3. Reserve, on the stream of each product.
    const { reserved, short } = await stock.reserve(orderId, wanted, context);
    held = reserved;
    if (short.size > 0) throw outOfStock(bare, wanted, short);
    return { ...bare, reserved };
  };
  try {
    const outcome = await handler.execute(orderStream, orderId, command, context, { isNew: true, guard: refuseSpent });
    // Another attempt of the same request was first: what this one reserved may be too much.
    if (outcome.replayed) await giveUp(deps, orderId, held, placing, 'refused', context);
    return outcome;
  } catch (error) {
    const isSpent = error instanceof OrderSpent;
    // Of anything else it is not known whether the order was placed. Its stream will tell: the reservation stays pending.
    if (!isSpent && !(error instanceof Refusal) && !(error instanceof errors.EventTooLarge)) throw error;
    const isOver = await giveUp(deps, orderId, held, placing, isSpent ? 'abandoned' : 'refused', context);
    if (isOver || !(error instanceof Refusal) || !context.keyed) throw error;
    // A retry is answered from what was recorded, even if the rules refuse the order today.
    const refused = (): Promise<never> => Promise.reject(error);
    return handler.execute(orderStream, orderId, refused, context, { guard: refuseSpent });
  }
}

/**
 * Releases what was reserved for an order that is not placed. If others may come to the same id, they may rely on the reservation:
 * then the id is spent first.
 * @returns whether the order can't have been placed by anybody
 */
async function giveUp(
  { handler, stock }: PlaceOrderDeps,
  orderId: string,
  held: readonly Quantity[],
  { isShared }: Placing,
  cause: 'abandoned' | 'refused',
  context: CommandContext,
): Promise<boolean> {
  if (held.length === 0) return false;
  if (!isShared || (await abandonOrder(handler, orderId, context))) {
    await stock.release(orderId, held, cause, context);
    return true;
  }
  for (const { product_id } of held) {
    await stock.settle(orderId, product_id, () => orderStanding(handler, orderId), context);
  }
  return false;
}

/** Of each product whose stock may be tracked, all lines added up, in ascending product_id: the order in which all requests reserve. */
function wantedOf({ items, products }: PlaceOrder): Quantity[] {
  const wanted = new Map<number, number>();
  for (const { product_id, quantity } of items) {
    if (products.get(product_id)?.tracked) wanted.set(product_id, (wanted.get(product_id) ?? 0) + quantity);
  }
  return [...wanted].map(([product_id, quantity]) => ({ product_id, quantity })).sort(byProduct);
}

function byProduct(a: Quantity, b: Quantity): number {
  return a.product_id - b.product_id;
}

function outOfStock({ items }: PlaceOrder, all: readonly Quantity[], short: ReadonlyMap<number, number>): Refusal {
  const faults = items.flatMap(({ product_id, quantity }, i): Fault[] => {
    const available = short.get(product_id);
    if (available === undefined) return [];
    const wanted = all.find((one) => one.product_id === product_id)?.quantity ?? quantity;
    const message = `the order wants ${wanted} of product ${product_id}, and ${Math.max(available, 0)} are available`;
    return [{ path: `items[${i}].quantity`, message, values: { wanted, available } }];
  });
  return new Refusal('out-of-stock', 'There is too little in stock: see errors.', faults);
}
