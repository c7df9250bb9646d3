import { type StreamBinding, streamName } from '../engine/index.js';
import type { OrderCommand } from './commands.js';
import { orderDecider, type OrderState } from './decider.js';
import { orderEvents, type OrderFact } from './events.js';

export const orderStream: StreamBinding<OrderState, OrderCommand, OrderFact> = {
  name: (id) => streamName('order', id),
  types: orderEvents,
  decider: orderDecider,
};
