import { type Actor, type Decider, type Envelope, type Fault, type Position, Refusal } from '../engine/index.js';
import type { OrderStatus } from '../values.js';
import type { ExternalReference, ImportOrder, OrderCommand, PlaceOrder } from './commands.js';
import type { OrderFact } from './events.js';

type Placed = Extract<OrderFact, { type: 'OrderPlaced' }>['data'];
type OrderLine = Placed['items'][number];

/** One status the order has had. */
export interface HistoryEntry {
  readonly status: OrderStatus;
  readonly at: string;
  readonly by: Actor;
  readonly reason?: string | null;
  readonly reference?: string | null;
}

export interface Order {
  readonly order_id: string;
  readonly user_id: string;
  /** Null before version 2 of OrderPlaced. */
  readonly number: number | null;
  /** Null if none was given or it can't be read any more. */
  readonly external_reference: string | null;
  readonly status: OrderStatus;
  readonly currency: string;
  readonly total: number;
  readonly items: readonly OrderLine[];
  readonly history: readonly HistoryEntry[];
  readonly placed_at: string;
  /** Stock that the order holds, or held until it was paid or cancelled. */
  readonly reserved: Placed['reserved'];
  /** Position of the event that placed it. */
  readonly placed: Position;
  /** The payment's, once paid; null if none was given or it can't be read any more. */
  readonly reference: string | null;
}

/** Null: there is no such order. */
export type OrderState = Order | null;

export const orderDecider: Decider<OrderState, OrderCommand, OrderFact> = { initialState: null, decide, evolve };

function decide(state: OrderState, command: OrderCommand): OrderFact[] {
  switch (command.type) {
    case 'PlaceOrder':
      if (state) throw taken(command.external);
      return [place(command)];
    case 'ImportOrder':
      if (state) throw taken(command.external);
      return imported(command);
    case 'MarkPaid': {
      const order = existing(state);
      if (order.status === 'cancelled') {
        throw new Refusal('order-cancelled', 'The order is cancelled and can not be paid.');
      }
      if (order.status === 'placed') {
        const { order_id, user_id, reserved } = order;
        const { reference, at } = command;
        return [{ type: 'OrderPaid', data: { order_id, user_id, reference, reserved, paid_at: at } }];
      }
      if (command.reference !== null && command.reference !== order.reference) {
        throw new Refusal('order-paid', 'The order is paid already, with another reference.');
      }
      return [];
    }
    case 'CancelOrder': {
      const order = existing(state);
      if (order.status === 'paid') throw new Refusal('order-paid', 'The order is paid and can not be cancelled.');
      if (order.status === 'cancelled') return [];
      const { order_id, user_id, reserved } = order;
      const { reason, at } = command;
      return [{ type: 'OrderCancelled', data: { order_id, user_id, reason, reserved, cancelled_at: at } }];
    }
    case 'AbandonOrder': {
      const { order_id, abandoned_at } = command;
      return state ? [] : [{ type: 'OrderAbandoned', data: { order_id, abandoned_at } }];
    }
  }
}

function evolve(state: OrderState, event: Envelope<OrderFact>): OrderState {
  const by = event.metadata.actor;
  switch (event.type) {
    case 'OrderAbandoned':
      return state;
    case 'OrderPlaced': {
      const { external_reference_hash: _, ...order } = event.data;
      const history = [{ status: 'placed', at: order.placed_at, by }] as const;
      return { status: 'placed', history, placed: event.position, reference: null, ...order };
    }
    case 'OrderPaid': {
      const { paid_at, reference } = event.data;
      const entry = { status: 'paid', at: paid_at, by, ...(reference === null ? {} : { reference }) } as const;
      const order = existing(state);
      return { ...order, status: 'paid', reference, history: [...order.history, entry] };
    }
    case 'OrderCancelled': {
      const { cancelled_at, reason } = event.data;
      const entry = { status: 'cancelled', at: cancelled_at, by, ...(reason === null ? {} : { reason }) } as const;
      const order = existing(state);
      return { ...order, status: 'cancelled', history: [...order.history, entry] };
    }
  }
}

function existing(state: OrderState): Order {
  if (!state) throw new Refusal('order-not-found', 'There is no such order.');
  return state;
}

/** There is an order of this id. Ids follow from the reference of another system, or else from the idempotency key. */
function taken(external: ExternalReference | null): Refusal {
  return external
    ? new Refusal('external-reference-taken', 'The user has an order with this external_reference.', [
        { path: 'external_reference', message: 'is taken: choose another one, or leave it out' },
      ])
    : new Refusal('idempotency-mismatch', 'An order with this id was placed by another request.');
}

/** A new order at the catalog's prices. */
function place(command: PlaceOrder): OrderFact {
  const { placed_at, buyer, products } = command;
  if (!buyer) {
    throw new Refusal('unknown-user', 'There is no such user.', [{ path: 'user_id', message: 'unknown user' }]);
  }
  if (buyer.status === 'erased') throw new Refusal('user-erased', 'The user has been erased.');
  if (!buyer.hasIdProof) {
    throw new Refusal('id-proof-pending', "The user's proof of identity is missing: PUT /v1/users/{user_id}/id-proof.");
  }
  const faultsOf = (bad: (productId: number) => boolean, message: string): Fault[] =>
    command.items.flatMap((item, i) => (bad(item.product_id) ? [{ path: `items[${i}].product_id`, message }] : []));
  const unknown = faultsOf((id) => !products.has(id), 'unknown product');
  if (unknown.length > 0) throw new Refusal('unknown-product', 'The order names products that are unknown.', unknown);
  const retired = faultsOf((id) => products.get(id)?.status === 'retired', 'retired product');
  if (retired.length > 0) throw new Refusal('product-retired', 'The order names products that are retired.', retired);

  const items = command.items.map((item, i) => {
    const { sku, name, price } = products.get(item.product_id) as NonNullable<ReturnType<typeof products.get>>;
    return { line: i + 1, product_id: item.product_id, sku, name, quantity: item.quantity, unit_price: price };
  });
  const currencies = new Set(command.items.map((item) => products.get(item.product_id)?.currency as string));
  const [currency = '', ...others] = currencies;
  if (others.length > 0) {
    throw new Refusal('currency-mismatch', `One order is in one currency; these are ${[...currencies].join(', ')}.`);
  }
  return placed(command, { currency, items, placed_at, reserved: command.reserved });
}

function placed(
  { order_id, user_id, number, external }: PlaceOrder | ImportOrder,
  { currency, items, placed_at, reserved }: Pick<Order, 'currency' | 'items' | 'placed_at' | 'reserved'>,
): OrderFact {
  const external_reference = external && external.reference;
  const external_reference_hash = external && external.hash;
  const total = totalOf(items);
  return {
    type: 'OrderPlaced',
    data: {
      order_id,
      user_id,
      number,
      external_reference,
      external_reference_hash,
      currency,
      items,
      total,
      reserved,
      placed_at,
    },
  };
}

function imported(command: ImportOrder): OrderFact[] {
  const { order_id, user_id, currency, placed_at, paid_at, cancelled_at, reference, reason } = command;
  const items = command.items.map((item, i) => {
    const { product_id, sku, name, quantity, unit_price } = item;
    return { line: i + 1, product_id, sku, name, quantity, unit_price };
  });
  // What happened elsewhere, before: it takes nothing from the shelf.
  const reserved: Order['reserved'] = [];
  const first = placed(command, { currency, items, placed_at, reserved });
  if (paid_at !== null)
    return [first, { type: 'OrderPaid', data: { order_id, user_id, reference, reserved, paid_at } }];
  if (cancelled_at !== null) {
    return [first, { type: 'OrderCancelled', data: { order_id, user_id, reason, reserved, cancelled_at } }];
  }
  return [first];
}

/** Exact in bigint: a product of two safe integers need not be one. */
function totalOf(items: readonly { readonly quantity: number; readonly unit_price: number }[]): number {
  const total = items.reduce((sum, { quantity, unit_price }) => sum + BigInt(quantity) * BigInt(unit_price), 0n);
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Refusal('total-too-large', `The total would be ${total}; the largest possible is 2^53 - 1.`);
  }
  return Number(total);
}
