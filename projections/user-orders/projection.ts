import { defineProjection } from '../../src/engine/index.js';
import { orderEvents } from '../../src/order/events.js';
import { orderProducts } from './order-products.js';
import { ordersTable } from './orders-table.js';

export const userOrders = defineProjection({
  name: 'user-orders',
  version: 2,
  reads: { order: orderEvents },
  keyedBy: ['order'],
  page: { orders: ordersTable, products: orderProducts },
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
    'orders.changed': 'position of the last event that reached the row: the order in which orders changed',
    'orders.history': 'one entry a status; reason and reference sealed',
    'orders.items': 'the lines as they were placed',
    order_products: 'The products that an order holds. A list of orders by product is one range of its index.',
    'order_products.product_id': '',
    'order_products.placed_at': "the order's",
    'order_products.position': "the order's",
    'order_products.order_id': '',
  },
  handlers: {
    OrderAbandoned: 'passed-over',
    OrderPlaced: ({ orders, products }, event) => {
      const { user_id, number, external_reference, external_reference_hash, currency, items, total, placed_at } =
        event.data;
      const named = { user_id, number, external_reference, external_reference_hash };
      const history = [{ status: 'placed', at: placed_at, by: event.metadata.actor }] as const;
      const changed = event.position;
      orders.insert(event, { status: 'placed', changed, history, currency, items, total, placed_at, ...named });
      products.hold(event, event.data);
    },
    OrderPaid: ({ orders }, event) => {
      const { paid_at: at, reference } = event.data;
      const entry = { status: 'paid', at, by: event.metadata.actor } as const;
      orders.patch(
        event,
        { status: 'paid', changed: event.position },
        { history: reference === null ? entry : { ...entry, reference } },
      );
    },
    OrderCancelled: ({ orders }, event) => {
      const { cancelled_at: at, reason } = event.data;
      const entry = { status: 'cancelled', at, by: event.metadata.actor } as const;
      orders.patch(
        event,
        { status: 'cancelled', changed: event.position },
        { history: reason === null ? entry : { ...entry, reason } },
      );
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
