/** Orders and stock on the log in memory, one "process" after the other: what a process knows dies with it. */
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import type { CommandContext } from '../../src/engine/core/stream-access.js';
import { HotStreams } from '../../src/engine/streams/hot-streams.js';
import { MemoryVault, testContext } from '../../src/engine/testing.js';
import { closeStock } from '../../src/order/stock.js';
import type { OrderState } from '../../src/order/decider.js';
import { placeOrder } from '../../src/order/place-order.js';
import { orderStanding, spentOrder } from '../../src/order/standing.js';
import { orderStream } from '../../src/order/stream.js';
import type { StockCommand } from '../../src/stock/commands.js';
import type { Stock } from '../../src/stock/decider.js';
import { OrderStock } from '../../src/stock/order-stock.js';
import type { Stocks } from '../../src/stock/stocks.js';
import { stockStream } from '../../src/stock/stream.js';
import { type SweepDeps, sweepOnDemand, sweepPending } from '../../src/stock/sweep.js';

const USER = '00000000-0000-8000-8000-00000000000a';
const AT = '2026-01-02T00:00:00.000Z';
const product = { sku: 'S', name: 'Product', price: 1, currency: 'EUR', status: 'active', tracked: true } as const;

export type Lines = readonly (readonly [productId: number, quantity: number])[];

export class StockProcess {
  readonly handler: CommandHandler;
  readonly stocks: Stocks;
  readonly orderStock: OrderStock;
  readonly sweepDeps: SweepDeps;

  /** @param reservedBefore what counts as old, for all that is pending */
  constructor(
    readonly store: EventStore,
    pendingIsOld = false,
  ) {
    this.handler = new CommandHandler(store, new MemoryVault());
    this.stocks = new HotStreams(this.handler, stockStream);
    this.orderStock = new OrderStock(
      store,
      this.stocks,
      sweepOnDemand(() => this.sweepDeps),
    );
    this.sweepDeps = {
      stock: this.orderStock,
      pending: async () => (pendingIsOld ? await this.#pending() : []),
      spend: (orderId, context) => spentOrder(this.handler, orderId, context),
    };
  }

  /** Ids of keyed orders follow from key and attempt. */
  async place(lines: Lines, context: CommandContext, idOf: (attempt: number) => string): Promise<OrderState> {
    const items = lines.map(([product_id, quantity]) => ({ product_id, quantity }));
    const placing = {
      idOf,
      isShared: context.keyed,
      command: (order_id: string) =>
        Promise.resolve({
          type: 'PlaceOrder' as const,
          ...{ order_id, user_id: USER, number: 1, external: null, items, placed_at: AT, reserved: [] },
          buyer: { status: 'active' as const, hasIdProof: true },
          products: new Map(items.map(({ product_id }) => [product_id, product])),
        }),
    };
    const { state } = await placeOrder({ handler: this.handler, stock: this.orderStock }, placing, context);
    return state;
  }

  async end(orderId: string, type: 'MarkPaid' | 'CancelOrder'): Promise<void> {
    const context = testContext();
    const command = type === 'MarkPaid' ? { type, reference: null, at: AT } : { type, reason: null, at: AT };
    const outcome = await this.handler.execute(orderStream, orderId, command, context);
    await closeStock(this.orderStock, outcome, context);
  }

  stock(productId: number, command: StockCommand): Promise<unknown> {
    return this.stocks.execute(String(productId), command, testContext());
  }

  async stateOf(productId: number): Promise<Stock> {
    return (await this.stocks.current(String(productId))).state;
  }

  /** What the reactor does: its handlers for every paid and cancelled order, and its sweep. */
  async react(): Promise<void> {
    for await (const { type, data } of this.store.readAll()) {
      if (type !== 'OrderPaid' && type !== 'OrderCancelled') continue;
      const { order_id, reserved } = data as unknown as { order_id: string; reserved: { product_id: number }[] };
      for (const { product_id } of reserved) {
        const standing = (): ReturnType<typeof orderStanding> => orderStanding(this.handler, order_id);
        await this.orderStock.settle(order_id, product_id, standing, testContext());
      }
    }
    await sweepPending(this.sweepDeps, () => testContext());
  }

  /** As the read model would list them, without what it knows of orders: the streams have the last word. */
  async #pending(): Promise<{ order_id: string; product_id: number }[]> {
    const open = new Map<string, { order_id: string; product_id: number }>();
    for await (const { stream, type, data } of this.store.readAll({ filter: { streamPrefixes: ['stock-'] } })) {
      const order_id = data['order_id'] as string;
      const key = `${order_id} ${stream}`;
      if (type === 'StockReserved') open.set(key, { order_id, product_id: Number(stream.slice('stock-'.length)) });
      if (type === 'StockReleased' || type === 'StockIssued') open.delete(key);
    }
    return [...open.values()];
  }
}
