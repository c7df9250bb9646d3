import t from 'tap';
import { Refusal } from '../../src/engine/core/errors.js';
import type { Finding } from '../../src/import/findings.js';
import type { CategoryRow, OrderRow, ProductRow, StockRow, UserRow } from '../../src/import/rows.js';
import * as runs from '../../src/import/run.js';
import type { ImportResult, Sink } from '../../src/import/run.js';
import { nothingStored } from '../../src/import/stored.js';
import { check, folder, good, header, options, order } from './folder.js';

type Listed = Omit<ImportResult, 'findings'> & { readonly findings: readonly Finding[] };

const listed = ({ findings, ...result }: ImportResult): Listed => ({ ...result, findings: [...findings] });
const importFolder = async (...given: Parameters<typeof runs.importFolder>): Promise<Listed> =>
  listed(await runs.importFolder(...given));
const runImport = async (...given: Parameters<typeof runs.runImport>): Promise<Listed> =>
  listed(await runs.runImport(...given));

/** Keeps what it is sent, in the order in which it came. */
class Recorder implements Sink {
  readonly categories: CategoryRow[][] = [];
  readonly sent: string[] = [];
  readonly orders: OrderRow[] = [];
  underWay = 0;
  most = 0;

  constructor(private readonly fail: (what: string) => void = () => undefined) {}

  async addCategories(batch: readonly CategoryRow[]): Promise<number> {
    this.categories.push([...batch]);
    return this.#take('categories', batch.length);
  }
  async addProduct(row: ProductRow): Promise<number> {
    return this.#take(`product ${row.product_id}`, 2);
  }
  async countStock(row: StockRow): Promise<number> {
    return this.#take(`stock ${row.product_id}`, 1);
  }
  async registerUser(row: UserRow): Promise<number> {
    return this.#take(`user ${row.user_ref}`, 2);
  }
  async placeOrder(row: OrderRow): Promise<number> {
    this.orders.push(row);
    return this.#take(`order ${row.order_ref}`, (row.paid_at ?? row.cancelled_at) ? 2 : 1);
  }
  async retireProduct(row: ProductRow): Promise<number> {
    return this.#take(`retire ${row.product_id}`, 1);
  }
  async eraseUser(row: UserRow): Promise<number> {
    return this.#take(`erase ${row.user_ref}`, 1);
  }
  async #take(what: string, events: number): Promise<number> {
    this.sent.push(what);
    this.underWay++;
    this.most = Math.max(this.most, this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay--;
    this.fail(what);
    return events;
  }
}

const refuse =
  (...things: string[]) =>
  (what: string): void => {
    if (things.includes(what)) throw new Refusal('email-taken', 'taken a moment ago');
  };

void t.test('categories, then products, then users, then orders, with what the orders name', async (t) => {
  const sink = new Recorder();
  const result = await importFolder(folder(t, good), nothingStored, sink, options);
  t.match(result, { appended: 3 + 4 + 4 + 3, skipped: 0, findings: [] });
  t.ok(result.seconds >= 0);
  t.same(sink.sent, ['categories', 'product 1', 'product 2', 'user u1', 'user u2', 'order o1', 'order o2']);
  t.match(sink.orders[1], {
    order_id: options.orderIdFor(options.userIdFor('u2'), 'o2'),
    user_id: options.userIdFor('u2'),
    items: [{ product_id: 1, sku: 'S-1', name: 'Shirt', quantity: 2, unit_price: 900 }],
    placed_at: '2011-01-02T03:04:05.000Z',
    paid_at: '2011-01-03T00:00:00.000Z',
    cancelled_at: null,
  });
});

void t.test('a dry run, and a folder with findings, send nothing', async (t) => {
  const sink = new Recorder();
  const dry = await importFolder(folder(t, good), nothingStored, sink, { ...options, dryRun: true });
  t.match(dry, { appended: 0, skipped: 0, findings: [] });
  const bad = await importFolder(folder(t, { ...good, 'orders.ndjson': '{' }), nothingStored, sink, options);
  t.match(bad, { appended: 0, findings: [{ file: 'orders.ndjson', line: 1 }] });
  t.same(sink.sent, []);
});

void t.test('with report, what is bad is not sent, and the rest is', async (t) => {
  const sink = new Recorder();
  const orders = [
    order('o1', {}),
    order('o2', { user_ref: 'nobody' }),
    order('o3', { currency: 'EUR' }),
    '{',
    order('o4', {}),
  ];
  const files = { ...good, 'orders.ndjson': orders.join('\n') };
  const result = await importFolder(folder(t, files), nothingStored, sink, { ...options, onError: 'report' });
  t.same(
    result.findings.map(({ line, column }) => `${line}:${column}`),
    ['2:user_ref', '3:currency', '4:$'],
  );
  t.same(sink.sent.slice(-2), ['order o1', 'order o4']);
});

void t.test('times become UTC with milliseconds', async (t) => {
  const sink = new Recorder();
  const times = { placed_at: '2011-01-02t03:04:05.1239+02:30', cancelled_at: '2011-01-02T00:34:05.123Z' };
  await importFolder(folder(t, { ...good, 'orders.ndjson': order('o1', times) }), nothingStored, sink, options);
  t.match(sink.orders, [{ placed_at: '2011-01-02T00:34:05.123Z', cancelled_at: '2011-01-02T00:34:05.123Z' }]);
});

void t.test('categories go in batches of 500, every parent before its children', async (t) => {
  // The deepest first in the file.
  const rows = Array.from({ length: 1201 }, (_, i) => `${1201 - i},,x,${i === 1200 ? '' : Math.ceil((1200 - i) / 2)}`);
  const sink = new Recorder();
  await importFolder(
    folder(t, { 'categories.csv': [header.categories, ...rows].join('\n') }),
    nothingStored,
    sink,
    options,
  );
  t.same(
    sink.categories.map((batch) => batch.length),
    [500, 500, 201],
  );
  const seen = new Set<number | null>([null]);
  for (const { cat_id, parent_cat_id } of sink.categories.flat()) {
    if (!seen.has(parent_cat_id)) t.fail(`category ${cat_id} came before its parent`);
    seen.add(cat_id);
  }
});

const manyOrders = Array.from({ length: 400 }, (_, i) => order(`o${i}`, {})).join('\n');

void t.test('rows go at once, but no more than allowed', async (t) => {
  const { plan } = await check(t, { ...good, 'orders.ndjson': manyOrders });
  const sink = new Recorder();
  if (plan) await runImport(plan, sink, { inFlight: 16 });
  t.equal(sink.orders.length, 400);
  t.equal(sink.most, 16);
});

void t.test(
  'the first error of a server ends the import promptly, with that error, and nothing is left under way',
  async (t) => {
    const sink = new Recorder((what) => {
      if (what === 'order o20') throw new Error('connection lost');
    });
    await t.rejects(
      importFolder(folder(t, { ...good, 'orders.ndjson': manyOrders }), nothingStored, sink, {
        ...options,
        inFlight: 8,
      }),
      {
        message: 'connection lost',
      },
    );
    t.ok(sink.orders.length < 60, `${sink.orders.length} orders were sent`);
    t.equal(sink.underWay, 0);
  },
);

void t.test('a refusal that says nothing against the row is no finding', async (t) => {
  const sink = new Recorder((what) => {
    if (what === 'order o1') throw new Refusal('database-unavailable', 'gone');
  });
  await t.rejects(importFolder(folder(t, good), nothingStored, sink, options), { code: 'database-unavailable' });
});

void t.test('a row that a rule refuses after all is a finding, and ends the import', async (t) => {
  const sink = new Recorder(refuse('user u1'));
  const result = await importFolder(folder(t, good), nothingStored, sink, { ...options, inFlight: 1 });
  t.match(result.findings, [{ file: 'users.csv', line: 2, column: 'user_ref', value: 'u1', message: /taken/ }]);
  t.equal(result.appended, 7);
  t.notOk(sink.sent.some((what) => what.startsWith('order')));
});

void t.test('with report it is left out, with what depends on it, and the rest goes on', async (t) => {
  const sink = new Recorder(refuse('user u1', 'product 2'));
  const items = [{ sku: 'S-2', product_id: 2, quantity: 1, unit_price: 1 }];
  const files = { ...good, 'orders.ndjson': `${good['orders.ndjson']}${order('o3', { user_ref: 'u2', items })}` };
  const result = await importFolder(folder(t, files), nothingStored, sink, { ...options, onError: 'report' });
  t.match(result.findings, [
    { file: 'products.csv', line: 3 },
    { file: 'users.csv', line: 2 },
    { file: 'orders.ndjson', line: 1, column: 'user_ref', message: /left out/ },
    { file: 'orders.ndjson', line: 3, column: 'items[0].product_id', message: /left out/ },
  ]);
  t.equal(result.findings.length, 4);
  t.equal(result.appended, 3 + 2 + 2 + 2);
});

void t.test('categories that a rule refuses end the import in either case', async (t) => {
  const sink = new Recorder(refuse('categories'));
  const result = await importFolder(folder(t, good), nothingStored, sink, { ...options, onError: 'report' });
  t.match(result.findings, [{ file: 'categories.csv', line: 3, column: 'cat_id', value: '1' }]);
  t.same(sink.sent, ['categories']);
});

void t.test('what the commands had carried out before counts as skipped', async (t) => {
  const sink = new Recorder();
  sink.registerUser = () => Promise.resolve(0);
  t.match(await importFolder(folder(t, good), nothingStored, sink, options), { appended: 10, skipped: 2 });
});

void t.test('an orders file that changes between check and append is not imported', async (t) => {
  const { plan } = await check(t, good);
  t.testdir({ ...good, 'orders.ndjson': `${good['orders.ndjson']}${order('o9', {})}` });
  if (plan) await t.rejects(runImport(plan, new Recorder()), /was changed/);
});

void t.test('an import can be called off', async (t) => {
  const abort = new AbortController();
  const sink = new Recorder((what) => {
    if (what === 'order o20') abort.abort(new Error('called off'));
  });
  const running = importFolder(folder(t, { ...good, 'orders.ndjson': manyOrders }), nothingStored, sink, {
    ...options,
    inFlight: 8,
    signal: abort.signal,
  });
  await t.rejects(running, { message: 'called off' });
  t.ok(sink.orders.length < 60);
});
