import { type Examples, SAMPLE, sampleEvent } from '../http/openapi/example.js';

const { user_id, order_id, paid_order_id, at } = SAMPLE;
const by = { kind: 'anonymous', id: null };
const lines = [
  { product_id: 1, sku: 'SHIRT-OXFORD-BLUE-M', name: 'Oxford shirt, blue, M', quantity: 2, unit_price: 3_900 },
  { product_id: 4, sku: 'SAREE-COTTON-INDIGO', name: 'Handloom cotton saree, indigo', quantity: 1, unit_price: 6_400 },
];
const numbered = lines.map((line, i) => ({ line: i + 1, ...line }));
const placed = { status: 'placed', at, by };

const order = {
  order_id,
  user_id,
  number: 'O-000001',
  external_reference: 'WEB-1001',
  status: 'placed',
  currency: 'USD',
  total: 14_200,
  items: numbered.map((line) => ({ ...line, line_total: line.quantity * line.unit_price })),
  history: [placed],
  placed_at: at,
  allowed_actions: ['cancel', 'mark-paid'],
  revision: 0,
};

export const orderExamples: Examples = {
  placeOrder: {
    body: {
      user_id,
      items: lines.map(({ product_id, quantity }) => ({ product_id, quantity })),
      external_reference: 'WEB-1001',
    },
    answer: { data: order },
  },
  getOrder: { params: { order_id }, answer: { data: order } },
  listOrders: { params: { status: 'placed' }, answer: { data: [order], next: null } },
  listUserOrders: { params: { user_id }, answer: { data: [order], next: null } },
  getOrderCounts: { answer: { data: { placed: 1, paid: 0, cancelled: 0 } } },
  listOrderCountsByHour: {
    params: { from: '2026-01-31T09:00:00Z', to: '2026-01-31T09:59:59Z' },
    answer: { data: [{ hour: '2026-01-31T09:00:00.000Z', placed: 0, paid: 0, cancelled: 0 }] },
  },
  listOrderEvents: {
    params: { order_id },
    answer: {
      data: [
        sampleEvent(
          'OrderPlaced',
          {
            ...{ order_id, user_id, currency: 'USD', items: numbered, total: 14_200, placed_at: at },
            ...{ number: 1, external_reference: 'WEB-1001', reserved: [] },
            external_reference_hash: '8c1f0d5e2b7a49638c1f0d5e2b7a4963',
          },
          0,
          2,
        ),
      ],
      next: null,
    },
  },
  cancelOrder: {
    params: { order_id },
    body: { reason: 'Ordered twice' },
    answer: {
      data: {
        ...order,
        status: 'cancelled',
        history: [placed, { status: 'cancelled', at, by, reason: 'Ordered twice' }],
        allowed_actions: [],
        revision: 1,
      },
    },
  },
  markOrderPaid: {
    params: { order_id: paid_order_id },
    body: { reference: 'PAY-7001' },
    answer: {
      data: {
        ...order,
        order_id: paid_order_id,
        number: 'O-000002',
        external_reference: null,
        status: 'paid',
        history: [placed, { status: 'paid', at, by, reference: 'PAY-7001' }],
        allowed_actions: [],
        revision: 1,
      },
    },
  },
};
