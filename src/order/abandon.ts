import type { CommandContext, CommandHandler } from '../engine/index.js';
import type { OrderState } from './decider.js';
import { orderStream } from './stream.js';

/** The stream of the order holds OrderAbandoned: no order can be placed under this id. */
export class OrderSpent extends Error {
  override readonly name = 'OrderSpent';
}

/** A guard for commands that place an order. */
export function refuseSpent(state: OrderState, revision: number): void {
  if (state === null && revision >= 0) throw new OrderSpent('the order was abandoned');
}

/**
 * Makes sure that an order can't be placed under this id any more.
 * @returns false if it has been placed
 */
export async function abandonOrder(
  handler: CommandHandler,
  orderId: string,
  context: CommandContext,
): Promise<boolean> {
  const command = { type: 'AbandonOrder', order_id: orderId, abandoned_at: context.now } as const;
  try {
    const { state } = await handler.execute(orderStream, orderId, command, abandoning(orderId, context), {
      isNew: true,
      guard: refuseSpent,
    });
    return state === null;
  } catch (error) {
    if (error instanceof OrderSpent) return true;
    throw error;
  }
}

/** Ids of its own: under those of PlaceOrder, another attempt would take the event for its own. */
function abandoning(orderId: string, context: CommandContext): CommandContext {
  const eventId: CommandContext['eventId'] = (stream, index) => context.eventId(`abandoned ${stream}`, index);
  return { ...context, commandId: eventId(orderId, 0), eventId, keyed: false };
}
