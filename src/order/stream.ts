import type { StreamBinding } from '../engine/core/command-handler.js';
import { streamName } from '../engine/core/stream.js';
import type { OrderCommand } from './commands.js';
import { orderDecider, type OrderState } from './decider.js';
import { orderEvents, type OrderFact } from './events.js';

export const orderStream: StreamBinding<OrderState, OrderCommand, OrderFact> = {
  name: (id) => streamName('order', id),
  types: orderEvents,
  decider: orderDecider,
};
