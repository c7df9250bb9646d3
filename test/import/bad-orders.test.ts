import t from 'tap';
import { plannedOrders } from '../../src/import/check-orders.js';
import { type Case, digits, testBadRows } from './bad-rows.js';
import { check, good, order } from './folder.js';

const item = { sku: 'S-1', product_id: 1, quantity: 1, unit_price: 1 };
const cases: Case[] = [
  [
    'an order says each thing once',
    'orders.ndjson',
    order('o1', { items: [item] }).replace('"quantity":1', '"quantity":1,"quantity":2'),
    [1, 'items[0].quantity', '2', /is given twice/],
  ],
  [
    'an order reference stands once, whatever else is wrong with the order',
    'orders.ndjson',
    `${order('o1', { currency: '€' })}\n${order('o1', {})}`,
    [1, 'currency', '€', /currency code/],
    [2, 'order_ref', 'o1', /duplicate reference: it stands on line 1/],
  ],
  [
    'an order reference stands once',
    'orders.ndjson',
    `${order('o1', {})}\n\n${order('o1', {})}`,
    [3, 'order_ref', 'o1', /duplicate reference: it stands on line 1/],
  ],
  [
    'a user has one order under an external reference, named or not, in either order of the lines',
    'orders.ndjson',
    [
      order('a', { external_reference: 'X' }),
      order('b', { external_reference: 'X' }),
      order('c', {}),
      order('d', { external_reference: 'c' }),
      order('e', { external_reference: 'f' }),
      order('f', {}),
    ].join('\n'),
    [2, 'external_reference', 'X', /the user has an order of this reference on line 1/],
    [4, 'external_reference', 'c', /the user has an order of this reference on line 3/],
    [6, 'external_reference', 'f', /the user has an order of this reference on line 5/],
  ],
  [
    'an order names a known user',
    'orders.ndjson',
    order('o1', { user_ref: 'u9' }),
    [1, 'user_ref', 'u9', /unknown user/],
  ],
  [
    'an order names known products',
    'orders.ndjson',
    order('o1', { items: [item, { ...item, product_id: 99 }] }),
    [1, 'items[1].product_id', '99', /unknown product/],
  ],
  [
    'the SKU is the product’s',
    'orders.ndjson',
    order('o1', { items: [{ ...item, sku: 'S-2' }] }),
    [1, 'items[0].sku', 'S-2', /SKU of product 1 is S-1/],
  ],
  [
    'the currency is the product’s',
    'orders.ndjson',
    order('o1', { currency: 'EUR' }),
    [1, 'currency', 'EUR', /product 1 \(items\[0\]\) is sold in USD/],
  ],
  [
    'a line is JSON',
    'orders.ndjson',
    `${order('o1', {})}\n{"order_ref":"o2",}`,
    [2, '$', '{"order_ref":"o2",}', /^is not JSON: in column 19, the } must not stand behind a comma$/],
  ],
  [
    'a line is an object',
    'orders.ndjson',
    '[1]\n"x"\nnull',
    [1, '$', '[1]', /JSON object/],
    [2, '$', 'x', /JSON object/],
    [3, '$', 'null', /JSON object/],
  ],
  [
    'a field is known',
    'orders.ndjson',
    order('o1', { note: 'hi', items: [{ ...item, gift: true }] }),
    [1, 'note', 'hi', /unknown field/],
    [1, 'items[0].gift', 'true', /unknown field/],
  ],
  [
    'a field is there',
    'orders.ndjson',
    '{"order_ref":"o1","items":[{"product_id":1}]}',
    [1, 'user_ref', '', /missing/],
    [1, 'placed_at', '', /missing/],
    [1, 'currency', '', /missing/],
    [1, 'items[0].sku', '', /missing/],
    [1, 'items[0].quantity', '', /missing/],
    [1, 'items[0].unit_price', '', /missing/],
  ],
  [
    'ids in orders are no E-notation',
    'orders.ndjson',
    order('o1', {}).replace('"product_id":1', '"product_id":1e0'),
    [1, 'items[0].product_id', '1e0', digits],
  ],
  [
    'quantities are whole and within limits',
    'orders.ndjson',
    [
      ...['1.5', '-1', '0', '1000001', '"2"'].map((q, i) =>
        order(`o${i}`, {}).replace('"quantity":2', `"quantity":${q}`),
      ),
      order('o9 1e5', {}),
    ].join('\n'),
    [1, 'items[0].quantity', '1.5', digits],
    [2, 'items[0].quantity', '-1', /between 1 and 1000000/],
    [3, 'items[0].quantity', '0', /between 1 and 1000000/],
    [4, 'items[0].quantity', '1000001', /between/],
    [5, 'items[0].quantity', '2', digits],
  ],
  [
    'the total is exact',
    'orders.ndjson',
    order('o1', { items: [{ ...item, quantity: 1_000_000, unit_price: 9_007_199_255 }] }),
    [1, 'items', '9007199255000000', /beyond 2\^53 - 1/],
  ],
  [
    'an order has lines, and not too many',
    'orders.ndjson',
    `${order('o1', { items: [] })}\n${order('o2', { items: Array(2001).fill(item) })}\n${order('o3', { items: Array(2000).fill(item) })}`,
    [1, 'items', '[]', /one item or more/],
    [2, 'items', '2001 items', /at most 2000/],
  ],
  [
    'a time is one',
    'orders.ndjson',
    [
      '2011-02-30T00:00:00Z',
      '2011-01-01',
      '2011-01-01T24:00:00Z',
      '1293840000',
      '2011-01-01T00:00:00',
      '0000-12-31T00:00:00Z',
      '2011-13-01T00:00:00Z',
    ]
      .map((placed_at, i) => order(`o${i}`, { placed_at }))
      .join('\n'),
    ...[
      '2011-02-30T00:00:00Z',
      '2011-01-01',
      '2011-01-01T24:00:00Z',
      '1293840000',
      '2011-01-01T00:00:00',
      '0000-12-31T00:00:00Z',
      '2011-13-01T00:00:00Z',
    ].map<[number, string, string, RegExp]>((text, i) => [i + 1, 'placed_at', text, /RFC 3339/]),
  ],
  [
    'an order is paid or cancelled, and after it was placed',
    'orders.ndjson',
    `${order('o1', { paid_at: '2012-01-01T00:00:00Z', cancelled_at: '2012-01-01T00:00:00Z' })}\n${order('o2', { paid_at: '2011-01-02T03:04:04.999Z' })}`,
    [1, 'cancelled_at', '2012-01-01T00:00:00Z', /not both/],
    [2, 'paid_at', '2011-01-02T03:04:04.999Z', /before placed_at/],
  ],
];

testBadRows(cases);

void t.test('another user may have the reference, and an order without one takes none', async (t) => {
  const lines = [
    order('a', { external_reference: 'X' }),
    order('b', { external_reference: 'X', user_ref: 'u2' }),
    order('X', { external_reference: null }),
    order('a 1', { external_reference: null }),
  ];
  const { findings, plan } = await check(t, { ...good, 'orders.ndjson': lines.join('\n') });
  t.same(findings, []);
  const ids = new Set<string>();
  if (plan?.orders) for await (const { order_id } of plannedOrders(plan.orders)) ids.add(order_id);
  t.equal(ids.size, lines.length, 'each has an id of its own');
});
