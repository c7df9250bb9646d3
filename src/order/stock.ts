/** What orders need of the stock of products, which is another slice. */
import { type CommandContext, errors, type Outcome, type Position, Refusal } from '../engine/index.js';
import type { Order, OrderState } from './decider.js';

/** How many of one product. */
export type Quantity = Order['reserved'][number];

/** What an order's stream says of the stock that the order holds. `placed` is the position of the event that placed it. */
export type OrderStanding =
  { readonly is: 'unknown' | 'abandoned' } | ({ readonly is: Order['status'] } & Pick<Order, 'placed' | 'reserved'>);

export interface OrderStock {
  /** @param wanted in ascending product_id, one entry a product. @returns what is held, and of what there is too little */
  reserve(
    orderId: string,
    wanted: readonly Quantity[],
    context: CommandContext,
  ): Promise<{ readonly reserved: readonly Quantity[]; readonly short: ReadonlyMap<number, number> }>;
  release(
    orderId: string,
    held: readonly Quantity[],
    cause: 'abandoned' | 'refused',
    context: CommandContext,
  ): Promise<void>;
  /** Releases or issues what an order held. @returns the position of the last event; null if nothing was left to do */
  close(
    orderId: string,
    standing: Extract<OrderStanding, { readonly reserved: unknown }>,
    context: CommandContext,
  ): Promise<Position | null>;
  /**
   * @param after position of the event that cancelled or paid the order
   * @returns the position at which all of this had been released or issued; null if it is not yet
   */
  closedAt(orderId: string, held: readonly Quantity[], after: Position): Promise<Position | null>;
  /** Brings what an order holds of a product to what the order's stream says. @returns whether it recorded anything */
  settle(
    orderId: string,
    productId: number,
    standing: () => Promise<OrderStanding>,
    context: CommandContext,
  ): Promise<boolean>;
}

export function standingOf(state: OrderState, revision: number): OrderStanding {
  if (!state) return { is: revision < 0 ? 'unknown' : 'abandoned' };
  const { status: is, placed, reserved } = state;
  return { is, placed, reserved };
}

/**
 * Releases or issues what an order held that has been cancelled or paid. What can't be done now is done later by the reactor: the
 * order is cancelled or paid all the same.
 * @returns the outcome, with the position of the last event
 */
export async function closeStock(
  stock: OrderStock,
  outcome: Outcome<OrderState>,
  context: CommandContext,
): Promise<Outcome<OrderState>> {
  const { state, revision, position, appended, replayed } = outcome;
  const standing = standingOf(state, revision);
  if (!state || !('reserved' in standing) || standing.reserved.length === 0) return outcome;
  try {
    const isDone = appended > 0 || replayed;
    const last =
      (await stock.close(state.order_id, standing, context)) ??
      // An earlier attempt of the command did it, or the reactor: the answer is the same as if this one had.
      (isDone ? await stock.closedAt(state.order_id, standing.reserved, position) : null);
    return last !== null && last > position ? { ...outcome, position: last } : outcome;
  } catch (error) {
    if (error instanceof errors.EventStoreUnavailable || error instanceof Refusal) return outcome;
    throw error;
  }
}
