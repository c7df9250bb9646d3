import { type StreamBinding, streamName } from '../engine/index.js';
import type { StockCommand } from './commands.js';
import { type Stock, stockDecider } from './decider.js';
import { stockEvents, type StockFact } from './events.js';

export const stockStream: StreamBinding<Stock, StockCommand, StockFact> = {
  name: (id) => streamName('stock', id),
  types: stockEvents,
  decider: stockDecider,
};
