/** Finishes what a crash left between an order and the stock that it holds. */
import { type CommandContext, defineReactor } from '../engine/index.js';
import { orderEvents } from '../order/events.js';
import type { OrderStanding, Quantity } from './order-stock.js';
import { type SweepDeps, sweepPending } from './sweep.js';

export interface StockReactorDeps extends SweepDeps {
  readonly standing: (orderId: string) => Promise<OrderStanding>;
}

/** By then the command has done it itself. */
const AFTER_MS = 2_000;
const SWEEP_EVERY_MS = 10_000;

type Closed = { readonly order_id: string; readonly reserved: readonly Quantity[] };

/** @param deps needed once an event comes */
export function stockReactor(deps: () => StockReactorDeps): ReturnType<typeof defineReactor> {
  const settle = async ({ order_id, reserved }: Closed, context: CommandContext): Promise<void> => {
    const { stock, standing } = deps();
    for (const { product_id } of reserved) {
      await stock.settle(order_id, product_id, () => standing(order_id), context);
    }
  };
  return defineReactor({
    name: 'order-stock',
    version: 1,
    afterMs: AFTER_MS,
    reads: { order: orderEvents },
    handlers: {
      OrderPaid: ({ data }, { context }) => settle(data, context()),
      OrderCancelled: ({ data }, { context }) => settle(data, context()),
    },
    sweep: {
      everyMs: SWEEP_EVERY_MS,
      run: async (work) => {
        const { unreadable } = await sweepPending(deps(), (purpose) => work.context(purpose));
        // Told in the server's log, after the others were looked at.
        if (unreadable) throw unreadable;
      },
    },
  });
}
