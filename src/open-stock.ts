/** Wires the stock of products with the orders that hold it. */
import type pg from 'pg';
import { type CommandContext, type Engine, HotStreams } from './engine/index.js';
import { orderStanding, spentOrder } from './order/standing.js';
import { OrderStock } from './stock/order-stock.js';
import type { StockReactorDeps } from './stock/reactor.js';
import { stockSnapshots } from './stock/snapshot.js';
import type { Stocks } from './stock/stocks.js';
import { stockStream } from './stock/stream.js';
import { sweepOnDemand } from './stock/sweep.js';

export interface OpenStock {
  readonly stocks: Stocks;
  readonly orderStock: OrderStock;
  /** Ends reservations of requests that stopped. @returns whether anything came free */
  readonly takeOver: (context: CommandContext) => Promise<boolean>;
  readonly reactorDeps: StockReactorDeps;
}

export function openStock(
  { handler, logId }: Pick<Engine, 'handler' | 'logId'>,
  pool: pg.Pool,
  pending: StockReactorDeps['pending'],
): OpenStock {
  const stocks = new HotStreams(handler, stockStream, { pool, logId, form: stockSnapshots });
  const takeOver = sweepOnDemand(() => reactorDeps);
  const orderStock = new OrderStock(handler.store, stocks, takeOver);
  const reactorDeps: StockReactorDeps = {
    stock: orderStock,
    pending,
    spend: (orderId, context) => spentOrder(handler, orderId, context),
    standing: (orderId) => orderStanding(handler, orderId),
  };
  return { stocks, orderStock, takeOver, reactorDeps };
}
