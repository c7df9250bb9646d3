import t from 'tap';
import { fold } from '../../src/engine/core/decider.js';
import type { BuyerFacts, PlaceOrder, ProductFacts } from '../../src/order/commands.js';
import { answerOrder } from '../../src/order/answer.js';
import { orderDecider } from '../../src/order/decider.js';
import type { OrderFact } from '../../src/order/events.js';
import { codeOf, given, recorded } from '../support/given-when-then.js';

const order_id = '018f0000-0000-7000-8000-000000000001';
const user_id = '018f0000-0000-7000-8000-000000000002';
const at = '2026-01-02T00:00:00.000Z';
const pen: ProductFacts = { sku: 'PEN', name: 'Pen', price: 150, currency: 'EUR', status: 'active', tracked: false };
const ink: ProductFacts = { sku: 'INK', name: 'Ink', price: 700, currency: 'EUR', status: 'active', tracked: false };
const buyer: BuyerFacts = { status: 'active', hasIdProof: true };

function placing(over: Partial<PlaceOrder> = {}): PlaceOrder {
  return {
    type: 'PlaceOrder',
    order_id,
    user_id,
    number: 7,
    external: null,
    reserved: [],
    items: [{ product_id: 1, quantity: 2 }],
    placed_at: at,
    buyer,
    products: new Map([
      [1, pen],
      [2, ink],
    ]),
    ...over,
  };
}

const placed: Extract<OrderFact, { type: 'OrderPlaced' }> = {
  type: 'OrderPlaced',
  data: {
    order_id,
    user_id,
    number: 7,
    external_reference: null,
    external_reference_hash: null,
    reserved: [],
    currency: 'EUR',
    items: [{ line: 1, product_id: 1, sku: 'PEN', name: 'Pen', quantity: 2, unit_price: 150 }],
    total: 300,
    placed_at: at,
  },
};
const paid: OrderFact = { type: 'OrderPaid', data: { order_id, user_id, reference: 'R-1', reserved: [], paid_at: at } };
const cancelled: OrderFact = {
  type: 'OrderCancelled',
  data: { order_id, user_id, reason: 'late', reserved: [], cancelled_at: at },
};

t.test('places an order at the prices of the catalog', async (t) => {
  given(t, orderDecider, []).when(placing()).then([placed], 'idempotency-mismatch');
});

t.test('keeps the reference of another system, and refuses a second order of that reference', async (t) => {
  const external = { reference: 'WEB-1', hash: '0a' };
  const named = { external_reference: 'WEB-1', external_reference_hash: '0a' };
  const first = { ...placed, data: { ...placed.data, ...named } };
  given(t, orderDecider, []).when(placing({ external })).then([first], 'external-reference-taken');
  t.throws(() => orderDecider.decide(fold(orderDecider, recorded([placed])), placing({ external })), {
    code: 'external-reference-taken',
    faults: [{ path: 'external_reference' }],
  });
});

t.test('keeps the same product on several lines, as given', async (t) => {
  const items = [1, 2, 1].map((product_id) => ({ product_id, quantity: 3 }));
  const [fact] = orderDecider.decide(null, placing({ items }));
  t.match(fact, {
    data: {
      total: 3 * (150 + 700 + 150),
      items: [
        { line: 1, product_id: 1 },
        { line: 2, product_id: 2 },
        { line: 3, product_id: 1 },
      ],
    },
  });
});

t.test('refuses an order of a user who is unknown, erased or without proof of identity', async (t) => {
  given(t, orderDecider, [])
    .when(placing({ buyer: null }))
    .refused('unknown-user');
  given(t, orderDecider, [])
    .when(placing({ buyer: { status: 'erased', hasIdProof: false } }))
    .refused('user-erased');
  given(t, orderDecider, [])
    .when(placing({ buyer: { status: 'active', hasIdProof: false } }))
    .refused('id-proof-pending');
});

t.test('refuses unknown and retired products and names their lines', async (t) => {
  const items = [{ product_id: 1, quantity: 1 }, { product_id: 9, quantity: 1 }]; // prettier-ignore
  t.throws(() => orderDecider.decide(null, placing({ items })), {
    code: 'unknown-product',
    faults: [{ path: 'items[1].product_id', message: 'unknown product' }],
  });
  const products = new Map([[1, { ...pen, status: 'retired' as const }]]);
  given(t, orderDecider, []).when(placing({ products })).refused('product-retired');
});

t.test('refuses an order in two currencies', async (t) => {
  const products = new Map([
    [1, pen],
    [2, { ...ink, currency: 'USD' }],
  ]);
  const items = [1, 2].map((product_id) => ({ product_id, quantity: 1 }));
  given(t, orderDecider, []).when(placing({ products, items })).refused('currency-mismatch');
});

t.test('accepts a total of 2^53 - 1 and refuses one more', async (t) => {
  const dear = (price: number): PlaceOrder => {
    const products = new Map([[1, { ...pen, price }]]);
    return placing({ products, items: [{ product_id: 1, quantity: 1 }, { product_id: 1, quantity: 1 }] }); // prettier-ignore
  };
  const half = (Number.MAX_SAFE_INTEGER - 1) / 2;
  t.match(orderDecider.decide(null, dear(half)), [{ data: { total: Number.MAX_SAFE_INTEGER - 1 } }]);
  given(t, orderDecider, [])
    .when(dear(half + 1))
    .refused('total-too-large');
  const products = new Map([[1, { ...pen, price: Number.MAX_SAFE_INTEGER }]]);
  const one = placing({ products, items: [{ product_id: 1, quantity: 1 }] });
  t.match(orderDecider.decide(null, one), [{ data: { total: Number.MAX_SAFE_INTEGER } }]);
  given(t, orderDecider, []).when(placing({ products })).refused('total-too-large');
});

t.test('pays a placed order, once', async (t) => {
  given(t, orderDecider, [placed]).when({ type: 'MarkPaid', reference: 'R-1', at }).then([paid]);
});

t.test('refuses to pay again with another reference', async (t) => {
  given(t, orderDecider, [placed, paid]).when({ type: 'MarkPaid', reference: 'R-2', at }).refused('order-paid');
  given(t, orderDecider, [placed, paid]).when({ type: 'MarkPaid', reference: null, at }).then([]);
});

t.test('cancels a placed order, once', async (t) => {
  given(t, orderDecider, [placed]).when({ type: 'CancelOrder', reason: 'late', at }).then([cancelled]);
});

t.test('refuses to cancel a paid order', async (t) => {
  given(t, orderDecider, [placed, paid]).when({ type: 'CancelOrder', reason: null, at }).refused('order-paid');
});

t.test('refuses to pay a cancelled order', async (t) => {
  given(t, orderDecider, [placed, cancelled])
    .when({ type: 'MarkPaid', reference: null, at })
    .refused('order-cancelled');
});

t.test('the allowed actions of an answer are those that the rules would take and act on', async (t) => {
  const commands = {
    cancel: { type: 'CancelOrder', reason: null, at },
    'mark-paid': { type: 'MarkPaid', reference: null, at },
  } as const;
  const histories: readonly (readonly OrderFact[])[] = [[placed], [placed, paid], [placed, cancelled]];
  for (const facts of histories) {
    const order = fold(orderDecider, recorded(facts));
    if (!order) throw new Error('there is no order');
    const taken = Object.entries(commands).flatMap(([action, command]) => {
      const act = (): boolean => orderDecider.decide(order, command).length > 0;
      return codeOf(act) === null && act() ? [action] : [];
    });
    t.same(answerOrder(order, 0).allowed_actions, taken, order.status);
  }
});

t.test('knows no order without an event', async (t) => {
  given(t, orderDecider, []).when({ type: 'MarkPaid', reference: null, at }).refused('order-not-found');
  given(t, orderDecider, []).when({ type: 'CancelOrder', reason: null, at }).refused('order-not-found');
});

t.test('imports an order with its end, and never twice', async (t) => {
  const items = [{ product_id: 1, sku: 'PEN', name: 'Pen', quantity: 2, unit_price: 150 }];
  const external = { reference: 'A-1', hash: '0a' };
  const ids = { order_id, user_id, number: 7, external };
  const none = { reference: null, reason: null };
  const command = { type: 'ImportOrder', ...ids, currency: 'EUR', items, placed_at: at, ...none } as const;
  const named = { external_reference: 'A-1', external_reference_hash: '0a' };
  const first = { ...placed, data: { ...placed.data, ...named } };
  const again = 'external-reference-taken';
  const unpaid: OrderFact = {
    type: 'OrderPaid',
    data: { order_id, user_id, reference: null, reserved: [], paid_at: at },
  };
  given(t, orderDecider, [])
    .when({ ...command, paid_at: null, cancelled_at: null })
    .then([first], again);
  given(t, orderDecider, [])
    .when({ ...command, paid_at: at, cancelled_at: null })
    .then([first, unpaid], again);
  const undone: OrderFact = {
    type: 'OrderCancelled',
    data: { order_id, user_id, reason: null, reserved: [], cancelled_at: at },
  };
  given(t, orderDecider, [])
    .when({ ...command, paid_at: null, cancelled_at: at })
    .then([first, undone], again);
});

t.test('the history has one entry for each status, with when, who and why', async (t) => {
  const order = fold(orderDecider, recorded([placed, cancelled]));
  const by = { kind: 'test', id: 't-1' };
  t.same(order?.history, [
    { status: 'placed', at, by },
    { status: 'cancelled', at, by, reason: 'late' },
  ]);
  t.same(fold(orderDecider, recorded([placed, paid]))?.history.at(-1), { status: 'paid', at, by, reference: 'R-1' });
});

t.test('what was not given for a status is not in the history', async (t) => {
  const by = { kind: 'test', id: 't-1' };
  const without: readonly OrderFact[] = [
    { type: 'OrderPaid', data: { order_id, user_id, reference: null, reserved: [], paid_at: at } },
    { type: 'OrderCancelled', data: { order_id, user_id, reason: null, reserved: [], cancelled_at: at } },
  ];
  const [last, otherLast] = without.map((fact) => fold(orderDecider, recorded([placed, fact]))?.history.at(-1));
  t.strictSame(last, { status: 'paid', at, by });
  t.strictSame(otherLast, { status: 'cancelled', at, by });
});
