import t from 'tap';
import { Refusal } from '../../src/engine/index.js';
import { noProgress } from '../../src/commands/progress.js';
import { importFolder } from '../../src/import/run.js';
import { nothingStored } from '../../src/import/stored.js';
import { runningApp } from '../support/running-app.js';
import { check, folder, good, header, options } from './folder.js';

const withStock = (...rows: string[]): Record<string, string> => ({
  ...good,
  'stock.csv': [header.stock, ...rows, ''].join('\n'),
});

t.test('every bad row is a finding with file, line, column and value', async (t) => {
  const bad: readonly (readonly [row: string, column: string, value: string, message: RegExp])[] = [
    ['9,5', 'product_id', '9', /^unknown product$/],
    ['x,5', 'product_id', 'x', /is not a whole number in plain digits/],
    ['1,', 'on_hand', '', /is missing/],
    ['1,2.5', 'on_hand', '2.5', /is not a whole number in plain digits/],
    ['1,-1', 'on_hand', '-1', /is not between 0 and 2147483647/],
    ['1,2147483648', 'on_hand', '2147483648', /is not between 0 and 2147483647/],
    ['2,7', 'product_id', '2', /duplicate id: it stands on line 2 already/],
  ];
  for (const [row, column, value, message] of bad) {
    const { findings, plan } = await check(t, withStock('2,7', row));
    t.equal(plan, null, row);
    t.match(findings, [{ file: 'stock.csv', line: 3, column, value, message }], row);
    t.equal(findings.length, 1, row);
  }
});

t.test('a product that is left out takes its stock along', async (t) => {
  const files = {
    ...withStock('1,5', '2,7'),
    'products.csv': `${header.products}\n1,S-1,Shirt,x,USD,3\n2,S-2,Shirt,1,USD,3\n`,
  };
  const { findings, plan } = await check(t, { ...files, 'orders.ndjson': '' }, { onError: 'report' });
  t.match(findings[0], { file: 'products.csv', line: 2, column: 'price' });
  t.match(findings[1], {
    file: 'stock.csv',
    line: 2,
    column: 'product_id',
    value: '1',
    message: /the product is left out/,
  });
  t.same(plan?.stock, [{ line: 3, product_id: 2, on_hand: 7 }]);
});

t.test('what was counted before is skipped, and another number is a finding', async (t) => {
  const stored = { ...nothingStored, stock: new Map([[1, 5]]) };
  const same = await check(t, withStock('1,5', '2,7'), {}, stored);
  t.same(same.findings, []);
  t.same(same.plan?.stock, [{ line: 3, product_id: 2, on_hand: 7 }]);
  t.equal(same.skipped, 1);
  const other = await check(t, withStock('1,6', '2,7'), {}, stored);
  t.match(other.findings, [
    { file: 'stock.csv', line: 2, column: 'on_hand', value: '6', message: 'differs from what is stored: 5' },
  ]);
});

t.test('stock comes after products, and not for a product that a rule refuses', async (t) => {
  const sent: string[] = [];
  const took = (what: string): Promise<number> => {
    sent.push(what);
    if (what === 'product 1') throw new Refusal('sku-taken', 'taken a moment ago');
    return Promise.resolve(1);
  };
  const sink = {
    addCategories: () => took('categories'),
    addProduct: (row: { product_id: number }) => took(`product ${row.product_id}`),
    countStock: (row: { product_id: number }) => took(`stock ${row.product_id}`),
    registerUser: () => took('user'),
    placeOrder: () => took('order'),
    retireProduct: () => took('retired'),
    eraseUser: () => took('erased'),
  };
  const settings = { ...options, onError: 'report' as const };
  const { findings } = await importFolder(folder(t, withStock('1,5', '2,7')), nothingStored, sink, settings);
  t.same(sent.slice(0, 4), ['categories', 'product 1', 'product 2', 'stock 2']);
  t.match(
    [...findings].find(({ file }) => file === 'stock.csv'),
    { line: 2, value: '1', message: /left out/ },
  );
});

t.test(
  'stock is imported once, whatever happens to it later, and orders of history take nothing from it',
  async (t) => {
    const { runtime, http } = await runningApp(t);
    const imported = async (...rows: string[]): Promise<{ appended: number; findings: object[] }> => {
      const signal = new AbortController().signal;
      const settings = { dryRun: false, onError: 'stop', progress: noProgress, signal } as const;
      const { appended, findings } = await runtime.import(folder(t, withStock(...rows)), settings);
      return { appended, findings: [...findings] };
    };
    t.match(await imported('1,5'), { appended: 3 + 4 + 1 + 4 + 3, findings: [] });
    const stock = '/v1/products/1/stock';
    t.match(await http.ok('GET', stock, { headers: { 'min-log-position': await head() } }), {
      data: { on_hand: 5, reserved: 0 },
    });
    t.match((await http.get(`${stock}/events`)).data, [{ type: 'StockCounted', data: { reason: 'import' } }]);
    await http.ok('POST', `${stock}/receive`, { json: { quantity: 3 } });
    await http.ok('POST', `${stock}/count`, { json: { on_hand: 1 } });
    t.match(await imported('1,5'), { appended: 0, findings: [] });
    t.match(await imported('1,6'), {
      appended: 0,
      findings: [{ file: 'stock.csv', line: 2, column: 'on_hand', value: '6' }],
    });
    await http.ok('POST', '/v1/products/2/stock/count', { json: { on_hand: 4 } });
    t.match((await imported('1,5', '2,9')).findings, [{ value: '9', message: 'differs from what is stored: 4' }]);
    t.match(await imported('1,5', '2,4'), { appended: 0, findings: [] });
    await http.ok('DELETE', stock);
    t.match(
      await imported('1,5'),
      { appended: 0, findings: [] },
      'the same import appends nothing, even if tracking has ended',
    );

    async function head(): Promise<string> {
      return runtime.tokens.encode(await runtime.store.head());
    }
  },
);
