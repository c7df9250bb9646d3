import { defineProjection } from '../../src/engine/index.js';
import { stockEvents } from '../../src/stock/events.js';
import { levels } from './levels.js';
import { stockProof } from './proof.js';
import { reservations } from './reservations.js';

/** How many there are of each tracked product, and which orders hold some of them. An order without stock costs nothing here. */
export const stock = defineProjection({
  name: 'stock',
  version: 1,
  // An event that can't be applied stops the projection: stock streams are about products, as those of products are.
  reads: { stock: stockEvents },
  page: { levels, reservations },
  meanings: {
    '': 'The stock of tracked products, and what orders hold of it.',
    stock: 'One row a tracked product.',
    'stock.product_id': '',
    'stock.on_hand': 'how many there are',
    'stock.reserved': 'how many of these orders hold',
    'stock.revision': "of the product's stock stream",
    reservations:
      'One row an order and product, as long as the order holds some of it; pending until the order is placed.',
    'reservations.order_id': '',
    'reservations.product_id': '',
    'reservations.quantity': '',
    'reservations.reserved_at': 'by the clock of the log',
    'reservations.position': 'of the event that reserved it',
  },
  handlers: {
    StockCounted: ({ levels }, event) => {
      levels.count(event, event.data.on_hand);
    },
    StockReceived: ({ levels }, event) => {
      levels.move(event, { onHand: event.data.quantity });
    },
    StockAdjusted: ({ levels }, event) => {
      levels.move(event, { onHand: event.data.quantity });
    },
    StockReserved: ({ levels, reservations }, event) => {
      const { order_id, quantity } = event.data;
      levels.move(event, { reserved: quantity });
      reservations.reserve(event, order_id, quantity);
    },
    StockReleased: ({ levels, reservations }, event) => {
      const { order_id, quantity } = event.data;
      levels.move(event, { reserved: -quantity });
      reservations.end(event, order_id);
    },
    StockIssued: ({ levels, reservations }, event) => {
      const { order_id, quantity } = event.data;
      levels.move(event, { onHand: -quantity, reserved: -quantity });
      reservations.end(event, order_id);
    },
    StockTrackingEnded: ({ levels }, event) => {
      levels.end(event);
    },
  },
  proof: stockProof,
  recounts: [
    `select 'stock' as "table", coalesce(s.product_id, r.product_id)::text as key, 'reserved' as "column",
       s.reserved::text as found, coalesce(r.quantity, 0)::text as recounted
     from {schema}.stock s
     full join (select product_id, sum(quantity) as quantity from {schema}.reservations group by product_id) r
       on r.product_id = s.product_id
     where s.reserved is distinct from coalesce(r.quantity, 0)`,
  ],
});
