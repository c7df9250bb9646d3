/**
 * Stock that orders hold. A reservation is a claim: pending until its order is placed, and worth only what the order's own stream
 * says. Everything here can be sent again at any time, by any process.
 */
import { type CommandContext, decode, type EventStore, type Position } from '../engine/index.js';
import type { StockCommand } from './commands.js';
import { availableOf, type Reservation } from './decider.js';
import { stockEvents } from './events.js';
import type { Stocks } from './stocks.js';
import { stockStream } from './stream.js';

/** How many of one product. */
export interface Quantity {
  readonly product_id: number;
  readonly quantity: number;
}

/** What came of a request for stock. Products that are not tracked are in neither. */
export interface Reserving {
  /** In ascending product_id. Held, even if others are short. */
  readonly reserved: readonly Quantity[];
  /** How many are available of products of which there are too few. */
  readonly short: ReadonlyMap<number, number>;
}

/** What an order's stream says. `placed` is the position of the event that placed it. */
export type OrderStanding =
  | { readonly is: 'unknown' | 'abandoned' }
  | {
      readonly is: 'placed' | 'paid' | 'cancelled';
      readonly placed: Position;
      readonly reserved: readonly Quantity[];
    };

type Cause = Extract<StockCommand, { type: 'ReleaseStock' }>['cause'];

const CLOSING = { StockReleased: stockEvents.StockReleased, StockIssued: stockEvents.StockIssued };

export class OrderStock {
  /** @param takeOver ends reservations of requests that stopped. @returns whether anything came free */
  constructor(
    private readonly log: Pick<EventStore, 'readAll' | 'head'>,
    private readonly stocks: Stocks,
    private readonly takeOver: (context: CommandContext) => Promise<boolean>,
  ) {}

  /**
   * Reserves what an order wants. Once one product is short, the others are looked at and not reserved any more.
   * @param wanted in ascending product_id, one entry a product
   */
  async reserve(orderId: string, wanted: readonly Quantity[], context: CommandContext): Promise<Reserving> {
    const reserved: Quantity[] = [];
    const short = new Map<number, number>();
    for (const { product_id, quantity } of wanted) {
      // An order that holds something is placed or gives it back: then its caller may leave.
      const own = reserved.length > 0 ? toTheEnd(context) : context;
      const available = await (short.size === 0
        ? this.#reserve(orderId, product_id, quantity, own)
        : this.#look(product_id));
      if (available === 'reserved') reserved.push({ product_id, quantity });
      else if (available !== null && available < quantity) short.set(product_id, available);
    }
    return { reserved, short };
  }

  /** @returns how many are available where these are too few; null if the product is not tracked */
  async #reserve(
    orderId: string,
    productId: number,
    quantity: number,
    context: CommandContext,
  ): Promise<'reserved' | number | null> {
    const command = { type: 'ReserveStock', order_id: orderId, quantity } as const;
    for (let hasTakenOver = false; ; hasTakenOver = true) {
      const { state } = await this.stocks.execute(String(productId), command, context);
      if (state.reservations.has(orderId)) return 'reserved';
      if (!state.tracked) return null;
      if (hasTakenOver || !(await this.takeOver(context))) return availableOf(state);
    }
  }

  async #look(productId: number): Promise<number | null> {
    const { state } = await this.stocks.current(String(productId));
    return state.tracked ? availableOf(state) : null;
  }

  /** Releases what an order holds of these products. */
  async release(orderId: string, held: readonly Quantity[], cause: Cause, context: CommandContext): Promise<void> {
    await this.#all(held, { type: 'ReleaseStock', order_id: orderId, cause }, context);
  }

  /**
   * Releases or issues what an order held that is cancelled or paid.
   * @returns the position of the last event; null if there was nothing left to do
   */
  close(
    orderId: string,
    { is, placed, reserved }: Extract<OrderStanding, { readonly reserved: unknown }>,
    context: CommandContext,
  ): Promise<Position | null> {
    if (is === 'placed') return Promise.resolve(null);
    const command =
      is === 'paid'
        ? ({ type: 'IssueStock', order_id: orderId, placed } as const)
        : ({ type: 'ReleaseStock', order_id: orderId, cause: 'cancelled' } as const);
    return this.#all(reserved, command, context);
  }

  /**
   * Reads the log on from the event that cancelled or paid an order, which is a short way: the stock follows within seconds.
   * @returns the position at which all of this had been released or issued; null if it is not yet
   */
  async closedAt(orderId: string, held: readonly Quantity[], after: Position): Promise<Position | null> {
    const open = new Set(held.map(({ product_id }) => stockStream.name(String(product_id))));
    const filter = { streamPrefixes: [...open], types: Object.keys(CLOSING) };
    for await (const event of this.log.readAll({ from: after, until: await this.log.head(), filter })) {
      if (!open.has(event.stream)) continue;
      const { order_id } = decode(event, CLOSING[event.type as keyof typeof CLOSING]).data;
      if (order_id === orderId) open.delete(event.stream);
      if (open.size === 0) return event.position;
    }
    return null;
  }

  /** Brings what an order holds of a product to what the order's stream says. @returns whether it recorded anything */
  async settle(
    orderId: string,
    productId: number,
    standing: () => Promise<OrderStanding>,
    context: CommandContext,
  ): Promise<boolean> {
    const { state } = await this.stocks.current(String(productId));
    const held = state.reservations.get(orderId);
    const command = held && settling(held, productId, await standing());
    if (!command) return false;
    return (await this.stocks.execute(String(productId), command, toTheEnd(context))).appended > 0;
  }

  async #all(
    products: readonly Pick<Quantity, 'product_id'>[],
    command: StockCommand,
    context: CommandContext,
  ): Promise<Position | null> {
    const outcomes = await Promise.all(
      products.map(({ product_id }) => this.stocks.execute(String(product_id), command, toTheEnd(context))),
    );
    return outcomes.reduce<Position | null>(
      (last, { appended, position }) => (appended > 0 && (last === null || position > last) ? position : last),
      null,
    );
  }
}

/** Carried out even if the caller leaves while the command waits. */
function toTheEnd(context: CommandContext): CommandContext {
  return { ...context, isCallerGone: () => false };
}

/** What is to become of a reservation; null if it stays. */
function settling(
  { order_id, quantity, position }: Reservation,
  productId: number,
  standing: OrderStanding,
): StockCommand | null {
  if (!('placed' in standing)) {
    return standing.is === 'abandoned' ? { type: 'ReleaseStock', order_id, cause: 'abandoned' } : null;
  }
  const { is, placed, reserved } = standing;
  const belongs = reserved.some((one) => one.product_id === productId && one.quantity === quantity);
  // Another attempt of the same request has reserved it, and the order does not know.
  if (!belongs || position > placed) return { type: 'ReleaseStock', order_id, cause: 'refused' };
  if (is === 'placed') return null;
  return is === 'paid'
    ? { type: 'IssueStock', order_id, placed }
    : { type: 'ReleaseStock', order_id, cause: 'cancelled' };
}
