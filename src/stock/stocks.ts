import type { HotStreams } from '../engine/index.js';
import type { StockCommand } from './commands.js';
import type { Stock } from './decider.js';
import type { StockFact } from './events.js';

/** The stock of all products: many orders may want one product at the same moment. */
export type Stocks = HotStreams<Stock, StockCommand, StockFact>;
