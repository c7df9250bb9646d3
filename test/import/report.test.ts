import t from 'tap';
import { check, good, header, order, places } from './folder.js';

void t.test('with report, bad rows are left out and the rest goes on', async (t) => {
  const { findings, plan } = await check(
    t,
    { ...good, 'users.csv': `${header.users}\nu1,Ada,ada@example.org\nu2,Bo,bo@example.org\nu3,Cy,nobody\n` },
    { onError: 'report' },
  );
  t.equal(findings.length, 1);
  t.same(
    plan?.users.map((row) => row.user_ref),
    ['u1', 'u2'],
  );
  t.equal(plan?.orders?.count, 2);
});

void t.test('with report, what depends on a bad row is left out too, each with its own finding', async (t) => {
  const files = {
    'categories.csv': `${header.categories}\n1,c,clothes,\n2,m,,1\n`,
    'products.csv': `${header.products}\n1,S-1,Shirt,1000,USD,2\n2,S-2,Shirt,1000,USD,1\n`,
    'users.csv': `${header.users}\nu1,Ada,nobody\nu2,Bo,bo@example.org\n`,
    'orders.ndjson': [
      order('o1', { user_ref: 'u1', items: [{ sku: 'S-2', product_id: 2, quantity: 1, unit_price: 1 }] }),
      order('o2', { user_ref: 'u2', items: [{ sku: 'S-1', product_id: 1, quantity: 1, unit_price: 1 }] }),
      order('o3', { user_ref: 'u2', items: [{ sku: 'S-2', product_id: 2, quantity: 1, unit_price: 1 }] }),
    ].join('\n'),
  };
  const reported = await check(t, files, { onError: 'report' });
  t.same(places(reported), [
    'categories.csv:3:name',
    'products.csv:2:cat_ids',
    'users.csv:2:email',
    'orders.ndjson:1:user_ref',
    'orders.ndjson:2:items[0].product_id',
  ]);
  t.same(
    reported.findings.filter(({ message }) => message.includes('left out')).map(({ message }) => message),
    ['category', 'user', 'product'].map((what) => `the ${what} is left out: its own row or file has findings`),
    'not that they are unknown',
  );
  const { plan } = reported;
  t.same([plan?.categories.length, plan?.products.length, plan?.users.length, plan?.orders?.count], [1, 1, 1, 1]);
  const stopped = await check(t, files);
  t.same(places(stopped), ['categories.csv:3:name', 'users.csv:2:email'], 'without it, each fault is told once');
  t.equal(stopped.plan, null);
});

void t.test('with report, a category that no other stands below is left out alone', async (t) => {
  const text = `${good['categories.csv']}4,s,Ties,1\n5,,Bows,1\n`;
  const { findings, plan } = await check(t, { ...good, 'categories.csv': text }, { onError: 'report' });
  t.match(findings, [{ line: 5, column: 'code', value: 's' }]);
  t.same(
    plan?.categories.map((row) => row.cat_id),
    [1, 2, 5, 3],
  );
});

const faults: [string, string][] = [
  ['a cycle', '5,,x,6\n6,,x,5'],
  ['two parents', '5,,x,1\n5,,x,2'],
  ['a duplicate id', '5,,x,1\n5,,y,1'],
  ['an unknown parent', '5,,x,99'],
  ['a parent that is left out', '5,,,1\n6,,x,5'],
  ['a row of which nothing more can be read', '5,,"x,1'],
];
for (const [fault, rows] of faults) {
  void t.test(
    `a category graph with ${fault} is refused whole, and nothing is appended, also with report`,
    async (t) => {
      const text = `${header.categories}\n1,c,clothes,\n2,m,Mens' wear,1\n3,s,Shirts,2\n${rows}\n`;
      const { findings, plan } = await check(t, { ...good, 'categories.csv': text }, { onError: 'report' });
      t.ok(findings.length > 0);
      t.ok(findings.every((finding) => finding.file === 'categories.csv'));
      t.equal(plan, null);
    },
  );
}
