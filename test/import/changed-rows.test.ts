import t from 'tap';
import { noProgress } from '../../src/commands/progress.js';
import { runningApp } from '../support/running-app.js';
import { folder, header, good, order } from './folder.js';

const item = { sku: 'S-1', product_id: 1, quantity: 2, unit_price: 900 };
const orders = [
  order('o1', { paid_at: '2011-01-03T00:00:00Z', reference: 'R-1', items: [{ ...item, name: 'Shirt' }] }),
  order('o2', { cancelled_at: '2011-01-03T00:00:00Z', reason: 'none left', external_reference: 'X' }),
  order('o3', { user_ref: 'u3', paid_at: '2011-01-03T00:00:00Z', reference: 'R-3', items: [item] }),
];
const files = {
  'categories.csv': good['categories.csv'] as string,
  'products.csv': `${header.products},status\n1,S-1,Shirt,1000,USD,3,active\n2,S-2,Tie,2000,USD,3,retired\n`,
  'users.csv': `${header.users},registered_at,status\nu1,Ada,ada@example.org,2011-01-01T00:00:00Z,active\nu2,Bo,bo@example.org,,\nu3,,,,erased\n`,
  'orders.ndjson': orders.join('\n'),
};

t.test('the same import appends nothing, and each field that was changed since is a finding', async (t) => {
  const { runtime } = await runningApp(t, { projectors: false });
  const imported = async (name: keyof typeof files, from = '', to = ''): Promise<unknown[]> => {
    const dir = folder(t, { ...files, [name]: files[name].replace(from, to) });
    const result = await runtime.import(dir, { dryRun: false, onError: 'stop', progress: noProgress });
    const found = [...result.findings].map(({ line, column, value }) => `${line}:${column}:${value}`);
    return [result.appended, ...found];
  };
  t.same(await imported('users.csv'), [3 + 4 + 6 + 6 + 1 + 1], 'what is retired and erased comes last');
  t.same(await imported('users.csv'), [0]);
  const changes: [keyof typeof files, string, string, string][] = [
    ['products.csv', ',active', ',retired', '2:status:retired'],
    ['products.csv', ',retired', ',active', '3:status:active'],
    ['users.csv', '2011-01-01T00:00:00Z', '2011-01-01T00:00:01Z', '2:registered_at:2011-01-01T00:00:01.000Z'],
    ['users.csv', 'u2,Bo,bo@example.org,,', 'u2,,,,erased', '3:status:erased'],
    ['orders.ndjson', '"R-1"', '"R-2"', '1:reference:R-2'],
    ['orders.ndjson', ',"reference":"R-1"', '', '1:reference:'],
    ['orders.ndjson', '"name":"Shirt"', '"name":"Blouse"', '1:items[0].name:Blouse'],
    ['orders.ndjson', 'none left', 'other', '2:reason:other'],
    ['orders.ndjson', '"X"', '"Y"', '2:external_reference:Y'],
    ['orders.ndjson', '"X"', 'null', '2:external_reference:'],
  ];
  for (const [name, from, to, finding] of changes) t.same(await imported(name, from, to), [0, finding], finding);
  t.same(await imported('orders.ndjson', '"R-3"', '"R-4"'), [0], 'what was personal of an erased user is gone');
});
