import t from 'tap';
import { comparableEmail } from '../../src/crypto/derive.js';
import type { StoredOrder, StoredProduct, StoredState } from '../../src/import/stored.js';
import { storedOrder } from '../../src/import/stored.js';
import { check, good, header, options, order, places } from './folder.js';

const u1 = options.userIdFor('u1');
const u2 = options.userIdFor('u2');

const registered_at = '2011-01-01T00:00:00.000Z';
const asAdded = { retired: false, toBeRetired: false };
/** As {@link good}, with a payment reference. */
const paid = { user_ref: 'u2', paid_at: '2011-01-03T00:00:00Z', reference: 'R-1' };
const files = { ...good, 'orders.ndjson': `${order('o1', {})}\n${order('o2', paid)}\n` };

/** What the log holds after the good folder was imported. */
const all: StoredState = {
  categories: new Map([
    [1, { code: 'c', name: 'clothes', parent_cat_id: null, removed: false }],
    [2, { code: 'm', name: "Mens' wear", parent_cat_id: 1, removed: false }],
    [3, { code: 's', name: 'Shirts', parent_cat_id: 2, removed: false }],
  ]),
  products: new Map([
    [1, { sku: 'S-1', name: 'Shirt', price: 1000, currency: 'USD', cat_ids: [3], ...asAdded }],
    [2, { sku: 'S-2', name: 'Other shirt', price: 2000, currency: 'USD', cat_ids: [3, 2], ...asAdded }],
  ]),
  stock: new Map(),
  users: new Map([
    [u1, { name: 'Ada', email: 'ada@example.org', has_id_proof: false, registered_at }],
    [u2, { name: 'Bo', email: 'bo@example.org', has_id_proof: true, registered_at }],
  ]),
  orders: new Map([
    [options.commandIdOf('ImportOrder', 'o1'), recorded(u1, 'o1', null)],
    [options.commandIdOf('ImportOrder', 'o2'), recorded(u2, 'o2', '2011-01-03T00:00:00.000Z')],
  ]),
};

function recorded(user_id: string, external_reference: string | null, paid_at: string | null): StoredOrder {
  const items = [{ sku: 'S-1', product_id: 1, name: 'Shirt', quantity: 2, unit_price: 900 }];
  const remarks = { external_reference, reference: paid_at && 'R-1', reason: null };
  const times = { placed_at: '2011-01-02T03:04:05.000Z', paid_at, cancelled_at: null };
  return storedOrder({ user_id, currency: 'USD', ...times, ...remarks, items });
}

void t.test('what is stored as it stands in the files is skipped, each row counted', async (t) => {
  const { findings, plan } = await check(t, files, {}, all);
  t.same(findings, []);
  t.equal(plan?.skipped, 3 + 2 + 2 + 2);
  t.same([plan?.categories, plan?.products, plan?.users, plan?.orders?.count], [[], [], [], 0]);
});

void t.test('a stored product stays what it is for orders, whatever the file says of it', async (t) => {
  const differing = {
    'products.csv': `${header.products}\n1,S-1,Blouse,1000,USD,3\n2,S-2,,2000,USD,2|3\n`,
    'orders.ndjson': [1, 2]
      .map((product_id) => {
        return order(`o${product_id}9`, {
          items: [{ sku: `S-${product_id}`, product_id, quantity: 1, unit_price: 1 }],
        });
      })
      .join('\n'),
  };
  const checked = await check(t, differing, { onError: 'report' }, all);
  t.same(places(checked), ['products.csv:2:name', 'products.csv:3:name']);
  t.equal(checked.plan?.orders?.count, 2);
});

void t.test(
  'a row that differs from what is stored under its id is a finding on each column that differs',
  async (t) => {
    const differing = await check(
      t,
      {
        'categories.csv': `${header.categories}\n1,c,Clothing,\n3,t,Shirts,1\n`,
        'products.csv': `${header.products}\n1,S-9,Blouse,1001,EUR,2\n2,S-2,Other shirt,2000,USD,2|3\n`,
        'users.csv': `${header.users}\nu1,Ada L.,ada@example.org\nu2,Bo,bob@example.org\n`,
        'orders.ndjson': `${order('o1', { paid_at: '2011-01-03T00:00:00Z' })}\n${order('o2', { user_ref: 'u2' })}\n`,
      },
      {},
      all,
    );
    t.same(places(differing), [
      'categories.csv:2:name',
      'categories.csv:3:code',
      'categories.csv:3:parent_cat_id',
      ...['sku', 'name', 'price', 'currency', 'cat_ids'].map((column) => `products.csv:2:${column}`),
      'users.csv:2:name',
      'users.csv:3:email',
      'orders.ndjson:1:order_ref',
      'orders.ndjson:2:order_ref',
    ]);
  },
);

void t.test(
  'a proof for a user who is stored without one is a finding; one who has a proof is not asked for it',
  async (t) => {
    const rows = ['u1,Ada,ada@example.org,ada.pdf', 'u2,Bo,bo@example.org,bo.pdf', ''];
    const users = `user_ref,name,email,id_proof\n${rows.join('\n')}`;
    t.same(places(await check(t, { 'users.csv': users }, {}, all)), ['users.csv:2:id_proof']);
    t.equal((await check(t, { 'users.csv': good['users.csv'] as string }, {}, all)).plan?.skipped, 2);
  },
);

void t.test('new rows may name what is stored only', async (t) => {
  const { findings, plan } = await check(
    t,
    {
      'categories.csv': `${header.categories}\n4,,Ties,2\n`,
      'products.csv': `${header.products}\n3,T-1,Tie,500,USD,1|4\n`,
      'orders.ndjson': `${order('o3', { user_ref: 'u2' })}\n`,
    },
    {},
    all,
  );
  t.same(findings, []);
  t.same([plan?.categories.length, plan?.products.length, plan?.orders?.count, plan?.skipped], [1, 1, 1, 0]);
});

void t.test('what is taken by something stored can not be used again', async (t) => {
  const taken = await check(
    t,
    {
      'categories.csv': `${header.categories}\n4,s,Ties,2\n`,
      'products.csv': `${header.products}\n3,S-1,Tie,500,USD,1\n`,
      'users.csv': `${header.users}\nu3,Eve,ADA@example.org\n`,
    },
    { comparableEmail },
    all,
  );
  t.same(places(taken), ['categories.csv:2:code', 'products.csv:2:sku', 'users.csv:2:email']);
});

void t.test('a removed category is a finding, also as a parent; its code is free again', async (t) => {
  const removed: StoredState = {
    ...all,
    categories: new Map([
      ...all.categories,
      [3, { code: 's', name: 'Shirts', parent_cat_id: 2, removed: true }],
      [5, { code: 'z', name: 'Gone', parent_cat_id: null, removed: true }],
    ]),
  };
  const found = await check(
    t,
    {
      'categories.csv': `${header.categories}\n3,s,Shirts,2\n6,z,Ties,1\n7,,Bows,5\n`,
      'products.csv': `${header.products}\n9,Z,z,1,USD,5\n`,
    },
    {},
    removed,
  );
  t.same(places(found), ['categories.csv:2:cat_id', 'categories.csv:4:parent_cat_id', 'products.csv:2:cat_ids']);
  t.match(found.findings[0]?.message, /removed/);
});

void t.test(
  'an erased user is skipped; a new order of theirs is a finding, and so is one of a retired product',
  async (t) => {
    const [first, second] = [...all.products.values()];
    const later: StoredState = {
      ...all,
      users: new Map([...all.users, [u1, null]]),
      products: new Map([...all.products, [2, { ...(second ?? first), retired: true } as NonNullable<typeof first>]]),
    };
    const more = {
      ...good,
      'orders.ndjson': `${files['orders.ndjson']}${order('o3', {})}\n${order('o4', { user_ref: 'u2', items: [{ sku: 'S-2', product_id: 2, quantity: 1, unit_price: 1 }] })}`,
    };
    const { findings, plan } = await check(t, more, { onError: 'report' }, later);
    t.match(findings, [
      { line: 3, column: 'user_ref', message: /erased/ },
      { line: 4, column: 'items[0].product_id', message: /retired/ },
    ]);
    t.equal(findings.length, 2);
    t.equal(plan?.skipped, 9);
  },
);

void t.test('the texts of an order are compared one by one, and those that the line leaves out are not', async (t) => {
  const item = { sku: 'S-1', product_id: 1, quantity: 2, unit_price: 900 };
  const found = async (...fields: object[]): Promise<string[]> => {
    const lines = fields.map((one, i) => (i === 0 ? order('o1', one) : order('o2', { ...paid, ...one })));
    return places(await check(t, { 'orders.ndjson': lines.join('\n') }, {}, all));
  };
  t.same(await found({ items: [{ ...item, name: 'Shirt' }] }), []);
  t.same(await found({ items: [{ ...item, name: 'Blouse' }] }, { reference: 'R-2' }), [
    'orders.ndjson:1:items[0].name',
    'orders.ndjson:2:reference',
  ]);
  t.same(await found({ external_reference: null }, { reference: null }), [
    'orders.ndjson:1:external_reference',
    'orders.ndjson:2:reference',
  ]);
  t.same(await found({ external_reference: 'other' }), ['orders.ndjson:1:external_reference']);
  const erased: StoredState = {
    ...all,
    users: new Map([...all.users, [u2, null]]),
    orders: new Map([
      ...all.orders,
      [options.commandIdOf('ImportOrder', 'o2'), recorded(u2, null, '2011-01-03T00:00:00.000Z')],
    ]),
  };
  t.same((await check(t, files, {}, erased)).findings, [], 'of an erased user nobody can tell');
});

void t.test('a status and a time of registration are compared where they are given', async (t) => {
  const [shirt, other] = [...all.products.values()] as [StoredProduct, StoredProduct];
  const found = async (products: string[], users: string[], stored: StoredState): Promise<string[]> => {
    const given = {
      'products.csv': [`${header.products},status`, ...products].join('\n'),
      'users.csv': [`${header.users},registered_at,status`, ...users].join('\n'),
    };
    return places(await check(t, given, {}, stored));
  };
  const retired: StoredState = { ...all, products: new Map([...all.products, [2, { ...other, retired: true }]]) };
  const rows = ['1,S-1,Shirt,1000,USD,3,', '2,S-2,Other shirt,2000,USD,2|3,'];
  const [first = '', second = ''] = rows;
  t.same(
    await found(rows, ['u1,Ada,ada@example.org,,', 'u2,Bo,bo@example.org,2011-01-01T00:00:00Z,active'], retired),
    [],
  );
  t.same(
    await found(
      [`${first}retired`, `${second}active`],
      ['u1,Ada,ada@example.org,2011-01-01T00:00:01Z,', 'u2,,,,erased'],
      retired,
    ),
    ['products.csv:2:status', 'products.csv:3:status', 'users.csv:2:registered_at', 'users.csv:3:status'],
  );
  const interrupted: StoredState = {
    ...all,
    products: new Map([[1, { ...shirt, toBeRetired: true }]]),
    users: new Map([[u2, { name: 'Erased', email: `${u2}@erased.invalid`, has_id_proof: false, registered_at }]]),
  };
  t.same(await found([`${first}retired`], ['u2,,,,erased'], interrupted), [], 'an interrupted import goes on');
});
