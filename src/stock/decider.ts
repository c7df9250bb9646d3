import { type Decider, type Envelope, PersistentMap, type Position, Refusal } from '../engine/index.js';
import { MAX_ON_HAND } from '../values.js';
import type { StockCommand } from './commands.js';
import type { StockFact } from './events.js';

/** What an order has reserved, from StockReserved until it is released or issued. */
export interface Reservation {
  readonly order_id: string;
  readonly quantity: number;
  readonly reserved_at: string;
  /** The event is there or just before. */
  readonly position: Position;
}

/** What a clerk's command came to, so that the same command sent again gets the same answer. */
export interface Carried {
  readonly command_id: string;
  readonly fingerprint: string;
  readonly revision: number;
  readonly position: Position;
  readonly tracked: boolean;
  readonly on_hand: number;
  readonly reserved: number;
}

export interface Stock {
  readonly tracked: boolean;
  /** An order that is paid takes its goods, even if a count has found fewer: then the books are wrong, and this is below 0. */
  readonly on_hand: number;
  /** The sum of the reservations. */
  readonly reserved: number;
  readonly reservations: PersistentMap<string, Reservation>;
  /** The last commands of clerks, oldest first. */
  readonly carried: readonly Carried[];
}

/** How many commands of clerks are remembered. Those of orders need not be: their reservations tell. */
const REMEMBERED = 1_000;

export const stockDecider: Decider<Stock, StockCommand, StockFact> = {
  initialState: { tracked: false, on_hand: 0, reserved: 0, reservations: PersistentMap.empty(), carried: [] },
  decide,
  evolve,
};

/** May be below 0: a count or an adjustment tells what is there, whatever has been promised. */
export function availableOf({ on_hand, reserved }: Pick<Stock, 'on_hand' | 'reserved'>): number {
  return on_hand - reserved;
}

function decide(stock: Stock, command: StockCommand): StockFact[] {
  switch (command.type) {
    case 'CountStock': {
      const { on_hand, reason } = command;
      if (stock.tracked && stock.on_hand === on_hand) return [];
      return [{ type: 'StockCounted', data: { on_hand, reason } }];
    }
    case 'ReceiveStock': {
      const { quantity, reference } = command;
      refuseImpossible(tracked(stock), quantity);
      return [{ type: 'StockReceived', data: { quantity, reference } }];
    }
    case 'AdjustStock': {
      const { quantity, reason } = command;
      refuseImpossible(tracked(stock), quantity);
      return [{ type: 'StockAdjusted', data: { quantity, reason } }];
    }
    case 'EndStockTracking': {
      if (!stock.tracked) return [];
      const orders = stock.reservations.size;
      if (orders > 0) {
        throw new Refusal(
          'stock-reserved',
          orders === 1
            ? `1 order holds ${stock.reserved} of the product. Pay or cancel it.`
            : `${orders} orders hold ${stock.reserved} of the product. Pay or cancel them.`,
        );
      }
      return [{ type: 'StockTrackingEnded', data: { reason: command.reason } }];
    }
    case 'ReserveStock': {
      const { order_id, quantity } = command;
      const held = stock.reservations.get(order_id);
      if (held) {
        if (held.quantity === quantity) return [];
        throw new Refusal('revision-conflict', 'Another request for the same order is under way. Try again.');
      }
      // Too little, or untracked: the caller sees it in the state.
      if (!stock.tracked || availableOf(stock) < quantity) return [];
      return [{ type: 'StockReserved', data: { order_id, quantity } }];
    }
    case 'ReleaseStock': {
      const { order_id, cause } = command;
      const held = stock.reservations.get(order_id);
      return held ? [{ type: 'StockReleased', data: { order_id, quantity: held.quantity, cause } }] : [];
    }
    case 'IssueStock': {
      const { order_id, placed } = command;
      const held = stock.reservations.get(order_id);
      if (!held) return [];
      const { quantity } = held;
      // The order has had its goods: a request that was sent twice has reserved them once more.
      if (held.position > placed) return [{ type: 'StockReleased', data: { order_id, quantity, cause: 'refused' } }];
      return [{ type: 'StockIssued', data: { order_id, quantity } }];
    }
  }
}

function evolve(stock: Stock, event: Envelope<StockFact>): Stock {
  switch (event.type) {
    case 'StockCounted':
      return carriedOut({ ...stock, tracked: true, on_hand: event.data.on_hand }, event);
    case 'StockReceived':
    case 'StockAdjusted':
      return carriedOut({ ...stock, on_hand: stock.on_hand + event.data.quantity }, event);
    case 'StockTrackingEnded':
      return carriedOut(
        { ...stock, tracked: false, on_hand: 0, reserved: 0, reservations: PersistentMap.empty() },
        event,
      );
    case 'StockReserved': {
      const { order_id, quantity } = event.data;
      const reservation = { order_id, quantity, reserved_at: event.recordedAt, position: event.position };
      return {
        ...stock,
        reserved: stock.reserved + quantity,
        reservations: stock.reservations.set(order_id, reservation),
      };
    }
    case 'StockReleased':
    case 'StockIssued': {
      const { order_id, quantity } = event.data;
      return {
        ...stock,
        on_hand: event.type === 'StockIssued' ? stock.on_hand - quantity : stock.on_hand,
        reserved: stock.reserved - quantity,
        reservations: stock.reservations.delete(order_id),
      };
    }
  }
}

function carriedOut(stock: Stock, { metadata, revision, position }: Envelope<StockFact>): Stock {
  const { command_id, fingerprint } = metadata;
  const { tracked: isTracked, on_hand, reserved } = stock;
  const last = { command_id, fingerprint, revision, position, tracked: isTracked, on_hand, reserved };
  return { ...stock, carried: [...stock.carried.slice(1 - REMEMBERED), last] };
}

function tracked(stock: Stock): Stock {
  if (!stock.tracked)
    throw new Refusal('stock-not-tracked', 'The stock of this product is not tracked: count it first.');
  return stock;
}

function refuseImpossible({ on_hand }: Stock, change: number): void {
  const after = on_hand + change;
  if (after > MAX_ON_HAND || (after < 0 && change < 0)) {
    const message = `${on_hand} on hand would become ${after}; 0 to ${MAX_ON_HAND} is possible`;
    throw new Refusal('invalid-request', message, [{ path: 'quantity', message }]);
  }
}
