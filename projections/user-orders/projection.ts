import { type Actor, column, defineProjection, keyedTable, type RowOf, type Sealed } from '../../src/engine/index.js';
import { orderEvents } from '../../src/order/events.js';

const { bigint, changing, insertedAt, json, key, lastRevision, list, nullable, text, time, uuid } = column;

export type OrderStatus = 'placed' | 'paid' | 'cancelled';

/** One status the order has had, as stored. */
export interface StoredHistoryEntry {
  readonly status: OrderStatus;
  readonly at: string;
  readonly by: Actor;
  readonly reason?: Sealed;
  readonly reference?: Sealed;
}

type Placed = ReturnType<(typeof orderEvents)['OrderPlaced']['schema']['parse']>;

/**
 * Everything that a later event changes is narrow; the lines of a large order go out of line by themselves and are not copied when
 * the status changes. Pages are read by the three keys (…, placed_at, position), backwards.
 */
export const ordersTable = keyedTable('orders', {
  category: 'order',
  missing: 'has not been placed',
  columns: {
    order_id: key('uuid'),
    user_id: uuid,
    number: nullable(bigint),
    external_reference: nullable(text<Sealed>()),
    external_reference_hash: nullable(text()),
    status: changing(text<OrderStatus>()),
    revision: lastRevision,
    currency: text(),
    total: bigint,
    placed_at: time,
    position: insertedAt,
    history: list<StoredHistoryEntry>(),
    /** The lines as the order recorded them, in the order of the answer. */
    items: json<Placed['items']>(),
  },
  indexes: `
    create index orders_newest on {schema}.orders (placed_at, position);
    create index orders_by_status on {schema}.orders (status, placed_at, position);
    create index orders_by_user on {schema}.orders (user_id, placed_at, position);
  `,
});

export type OrderRow = RowOf<typeof ordersTable>;

export const userOrders = defineProjection({
  name: 'user-orders',
  version: 2,
  reads: { order: orderEvents },
  keyedBy: ['order'],
  page: { orders: ordersTable },
  meanings: {
    '': 'Orders with items and history. Serves single orders and all lists of orders.',
    orders: 'One row an order.',
    'orders.order_id': '',
    'orders.user_id': '',
    'orders.number': 'null for orders from before there were numbers',
    'orders.external_reference': 'what another system calls the order, sealed; null if none was given',
    'orders.external_reference_hash': 'keyed hash of it',
    'orders.status': '`placed`, `paid` or `cancelled`',
    'orders.revision': "of the order's stream",
    'orders.currency': 'ISO 4217',
    'orders.total': 'in minor units',
    'orders.placed_at': '',
    'orders.position': 'of the event that placed it: the order of equal times',
    'orders.history': 'one entry a status; reason and reference sealed',
    'orders.items': 'the lines as they were placed',
  },
  handlers: {
    OrderAbandoned: 'passed-over',
    OrderPlaced: ({ orders }, event) => {
      const { order_id: _, reserved: __, ...order } = event.data;
      const { placed_at } = order;
      const history = [{ status: 'placed', at: placed_at, by: event.metadata.actor }] as const;
      orders.insert(event, { ...order, status: 'placed', history });
    },
    OrderPaid: ({ orders }, event) => {
      const { paid_at: at, reference } = event.data;
      const entry = { status: 'paid', at, by: event.metadata.actor } as const;
      orders.patch(event, { status: 'paid' }, { history: reference === null ? entry : { ...entry, reference } });
    },
    OrderCancelled: ({ orders }, event) => {
      const { cancelled_at: at, reason } = event.data;
      const entry = { status: 'cancelled', at, by: event.metadata.actor } as const;
      orders.patch(event, { status: 'cancelled' }, { history: reason === null ? entry : { ...entry, reason } });
    },
  },
  // All in one pass, for to parse is what it costs; the last condition picks the few orders that are looked at value by value.
  // More entries than the revision says are wrong; fewer there are where an event was skipped.
  recounts: [
    `select 'orders' as "table", o.order_id::text as key, c."column", c.found, c.recounted
     from {schema}.orders o
     cross join lateral (
       select coalesce(sum(i.quantity * i.unit_price), 0) as total
       from json_to_recordset(o.items) i (quantity bigint, unit_price bigint)
     ) lines
     cross join lateral (select o.history->-1->>'status' as status, json_array_length(o.history) - 1 as revision) last
     cross join lateral (values
       ('total', o.total::text, lines.total::text, o.total = lines.total),
       ('status', o.status, last.status, o.status is not distinct from last.status),
       ('revision', o.revision::text, last.revision::text, o.revision >= last.revision)
     ) c ("column", found, recounted, holds)
     where not c.holds and
       (o.total <> lines.total or o.status is distinct from last.status or o.revision < last.revision)`,
  ],
});
