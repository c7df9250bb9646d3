import t, { type Test } from 'tap';
import { products } from '../../projections/products/projection.js';
import { ORDER_SORTS, type OrderKey, type OrderListOptions } from '../../projections/user-orders/list-statement.js';
import { userOrders } from '../../projections/user-orders/projection.js';
import { UserOrders } from '../../projections/user-orders/read-model.js';
import { schemaName } from '../../src/engine/projecting/projection.js';
import { ReadModel } from '../../src/engine/projecting/read-model.js';
import { MemoryVault } from '../support/memory-vault.js';
import { OrderShop } from '../support/order-lists.js';
import { servedModel } from '../support/served-model.js';

const USER = '00000000-0000-7000-8000-000000001001';
const ORDERS = 20_000;
const PRODUCTS = 300;
const LIMIT = 2;
/** Of a list that reads what it shows; each of the indexes has more, of a status or a user alone too. */
const FEW_BLOCKS = 60;
/** After so many the server decides whether it keeps a plan. */
const CUSTOM_PLANS = 5;

interface Node {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Node[];
}

/** One user's orders, all placed but for three cancelled ones: the first, one in the middle, and the last. */
async function manyOrders(t: Test) {
  const served = await servedModel(t, userOrders, products);
  const shop = new OrderShop();
  shop.act({
    ...{ kind: 'place', user: USER, day: 1, currency: 'EUR', products: [1], total: 1, reference: null, choice: 0 },
  });
  await served.restart(shop.log);
  await served.catchUp();
  const { pool, schema } = served.projected;
  const made = `json_build_object('order_id', md5(n::text)::uuid, 'number', n, 'external_reference_hash', 'of ' || n,
    'total', n % 1000, 'placed_at', timestamptz '2026-02-01' + n * interval '1 second', 'position', lpad(n::text, 16, '0'),
    'changed', lpad(n::text, 16, '0'), 'product_id', 1 + n % ${PRODUCTS},
    'status', case when n in (1, ${ORDERS / 2}, ${ORDERS}) then 'cancelled' else 'placed' end)`;
  for (const table of ['orders', 'order_products'].map((name) => `${schema}.${name}`))
    await pool.query(`insert into ${table} select made.*
      from (select one from ${table} one limit 1) first, generate_series(1, ${ORDERS}) n, json_populate_record(first.one, ${made}) made`);
  const standing = `${schemaName(products.name, products.version)}.standing`;
  await pool.query(`insert into ${standing} select made.*
    from (select one from ${standing} one where cat_id = 1 limit 1) first, generate_series(5, ${PRODUCTS}) n,
      json_populate_record(first.one, json_build_object('product_id', n)) made`);
  await pool.query('vacuum analyze');
  const client = await pool.connect();
  t.teardown(() => client.release());
  let last: { readonly name: string; readonly values: readonly unknown[] } = { name: '', values: [] };
  const query = (asked: typeof last) => client.query((last = asked) as never);
  const connection = { query } as unknown as typeof pool;
  const { watch } = served.model;
  const beside = new ReadModel(connection, userOrders, watch, null, [products]);
  const lists = new UserOrders(new ReadModel(connection, userOrders, watch), new MemoryVault(), beside);

  /** What a page reads after the server has had time to choose a plan. */
  async function read(options: Omit<OrderListOptions, 'limit'>) {
    const list = () => lists.list({ ...options, limit: LIMIT });
    for (let n = 0; n <= CUSTOM_PLANS; n++) await list();
    const { next } = await list();
    const { name, values } = last;
    const kept = await client.query<{ generic_plans: string }>(
      'select generic_plans from pg_prepared_statements where name = $1',
      [name],
    );
    const sent = values.map((value) => (value === null ? 'null' : client.escapeLiteral(literal(value))));
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `explain (analyze, buffers, timing off, format json) execute ${client.escapeIdentifier(name)} (${sent.join(', ')})`,
    );
    const plan = rows[0]?.['QUERY PLAN'][0].Plan as Node;
    return {
      ...{ next, isKept: Number(kept.rows[0]?.generic_plans) > 0, rows: rowsOf(plan) },
      blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    };
  }
  return { read, middle: [new Date(Date.UTC(2026, 1, 1) + (ORDERS / 2) * 1000).toISOString(), '~'] as OrderKey };
}

function literal(value: unknown): string {
  return Array.isArray(value) ? `{${value.join(',')}}` : String(value);
}

/** Rows of the table `order_products` that were read. */
function rowsOf({ Plans = [], ...node }: Node): number {
  const own = node['Relation Name'] !== 'order_products' ? 0 : node['Actual Rows'] * node['Actual Loops'];
  return Plans.reduce((sum, plan) => sum + rowsOf(plan), own);
}

const { read, middle } = await manyOrders(t);

t.test('a page of orders reads what it shows, by a plan that is kept', async (t) => {
  const placed = ['placed'] as const;
  const changedAfter = String(ORDERS / 2).padStart(16, '0') as OrderListOptions['changedAfter'];
  const lists: Readonly<Record<string, Omit<OrderListOptions, 'limit'>>> = {
    ...Object.fromEntries(ORDER_SORTS.map((sort) => [`sort=${sort}`, { sort }])),
    'a status': { status: placed },
    'a rare status': { status: ['cancelled'] },
    'a status without orders': { status: ['paid'] },
    'a status, a rare one, and one without orders': { status: ['placed', 'paid', 'cancelled'] },
    'a status, a rare one, and one without orders, oldest first': {
      ...{ status: ['placed', 'paid', 'cancelled'], sort: 'placed_at' },
    },
    'a status and a rare one, far into the list': { status: ['placed', 'cancelled'], after: middle },
    'a number': { number: ORDERS / 2 },
    'an external reference': { referenceHash: `of ${ORDERS / 2}` },
    'an external reference of no order': { referenceHash: 'of nothing', sort: '-total' },
    'a user': { userId: USER },
    'a user, far into the list': { userId: USER, after: middle },
    'a product': { productId: 7 },
    'placed from': { placedFrom: middle[0], sort: 'placed_at' },
    'placed to': { placedTo: middle[0] },
    'changed since': { changedAfter, sort: 'updated_at' },
    'changed since, far into the list': {
      changedAfter,
      sort: 'updated_at',
      after: [String(ORDERS - 9).padStart(16, '0')],
    },
    'a total and more': { totalMin: 500, sort: 'total' },
  };
  for (const [what, options] of Object.entries(lists)) {
    const { isKept, blocks } = await read(options);
    t.ok(isKept, `${what}: the plan is kept`);
    t.ok(blocks <= FEW_BLOCKS, `${what}: ${blocks} blocks`);
  }
});

t.test('a page of several statuses and another filter reads nothing of what stands before it', async (t) => {
  const { blocks } = await read({ status: ['placed', 'cancelled'], currency: 'EUR', after: middle });
  t.ok(blocks <= FEW_BLOCKS, `${blocks} blocks`);
});

t.test('of each product of a category one order is read, and more of those alone that a page shows', async (t) => {
  const { rows } = await read({ catId: 1 });
  t.equal(rows, PRODUCTS + (LIMIT + 1) ** 2);
});
