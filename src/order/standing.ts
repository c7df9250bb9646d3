/** What an order's own stream says of the stock that the order holds. */
import type { CommandContext, CommandHandler } from '../engine/index.js';
import { abandonOrder } from './abandon.js';
import { type OrderStanding, standingOf } from './stock.js';
import { orderStream } from './stream.js';

export async function orderStanding(handler: CommandHandler, orderId: string): Promise<OrderStanding> {
  const { state, revision } = await handler.load(orderStream, orderId);
  return standingOf(state, revision);
}

/** The same, once it is certain that an order that is not placed by now never will be. */
export async function spentOrder(
  handler: CommandHandler,
  orderId: string,
  context: CommandContext,
): Promise<OrderStanding> {
  const standing = await orderStanding(handler, orderId);
  if (standing.is !== 'unknown') return standing;
  await abandonOrder(handler, orderId, context);
  return orderStanding(handler, orderId);
}
