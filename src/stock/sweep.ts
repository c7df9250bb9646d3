/** What requests reserved that then stopped: it is taken over, once it is old enough that no request can still be at work on it. */
import { type CommandContext, errors, Refusal } from '../engine/index.js';
import type { OrderStanding, OrderStock } from './order-stock.js';

/** A pending reservation younger than this may belong to a request under way. A courtesy: safety does not rest on it. */
const GRACE_MS = 30_000;
/** Most that are taken over at once. */
const MOST = 500;
/** How often, at most, those who lack stock look for such reservations. */
const EVERY_MS = 1_000;

export interface SweepDeps {
  readonly stock: OrderStock;
  /** Reservations from before a time whose orders are not known to be placed, the oldest first. The orders' streams decide. */
  readonly pending: (
    before: string,
    limit: number,
  ) => Promise<readonly { readonly order_id: string; readonly product_id: number }[]>;
  /** Makes sure that an order that has not been placed never is. @returns what its stream says then */
  readonly spend: (orderId: string, context: CommandContext) => Promise<OrderStanding>;
}

export interface Swept {
  /** How many reservations came to an end. */
  readonly ended: number;
  /** The first order whose stream can't be read: what it reserved stays, and the others were looked at all the same. */
  readonly unreadable: Error | null;
}

export async function sweepPending(
  { stock, pending, spend }: SweepDeps,
  contextFor: (purpose: string) => CommandContext,
): Promise<Swept> {
  const before = new Date(Date.now() - GRACE_MS).toISOString();
  let ended = 0;
  let unreadable: Error | null = null;
  for (const { order_id, product_id } of await pending(before, MOST)) {
    const context = contextFor(`${order_id} ${product_id}`);
    try {
      const standing = await spend(order_id, context);
      if (await stock.settle(order_id, product_id, () => Promise.resolve(standing), context)) ended++;
    } catch (error) {
      if (!(error instanceof errors.UnreadableEvent)) throw error;
      unreadable ??= error;
    }
  }
  return { ended, unreadable };
}

/** The same for requests that lack stock: those of the same moment share one sweep. @returns whether anything came free */
export function sweepOnDemand(deps: () => SweepDeps): (context: CommandContext) => Promise<boolean> {
  let last = 0;
  let running: Promise<Swept> | null = null;
  return async (context) => {
    if (!running) {
      if (Date.now() - last < EVERY_MS) return false;
      last = Date.now();
      running = sweepPending(deps(), () => context)
        .catch((error: unknown) => {
          // The read model can't tell now. The reactor looks again.
          if (error instanceof Refusal) return { ended: 0, unreadable: null };
          throw error;
        })
        .finally(() => {
          running = null;
        });
    }
    return (await running).ended > 0;
  };
}
