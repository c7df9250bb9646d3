/**
 * `npm run check:data -- DIR`: imports a folder into a fresh data folder, serves it, and compares every number that
 * DIR/expected holds with what the API answers. Stores named by the environment (DATABASE_URL, EVENTSTORE_URL) are used as
 * they are and have to be empty. Exit 0 all equal, 1 a difference or an error, 2 nothing to compare.
 */
import { join } from 'node:path';
import { forEachInFlight } from '../src/engine/in-flight.js';
import { Comparison } from './comparison.js';
import { type Api, checkFolder, importInto, inDataFolder, readCsv, serving, type Table } from './imported-shop.js';

const REQUESTS_AT_ONCE = 32;

interface CategoryNode {
  readonly cat_id: number;
  readonly total_products: number;
  readonly child_categories: readonly CategoryNode[];
}

interface OrderAnswer {
  readonly status: 'placed' | 'paid' | 'cancelled';
  readonly total: number;
}

async function main(dir: string): Promise<number> {
  const expected = async (name: string): Promise<Table | null> => {
    const table = await readCsv(join(dir, 'expected', name));
    if (!table) console.log(`${name}: not there, so not compared`);
    return table;
  };
  const tables = {
    totals: await expected('total_products.csv'),
    counts: await expected('status_counts.csv'),
    users: await expected('user_orders.csv'),
  };
  if (!tables.totals && !tables.counts && !tables.users) {
    console.error(`${join(dir, 'expected')} holds nothing to compare with`);
    return 2;
  }
  return inDataFolder(async (data, signal) => {
    await importInto(data, dir, signal);
    const comparison = await serving(data, signal, async (api) => {
      const found = new Comparison();
      if (tables.totals) await compareTotals(api, tables.totals, found);
      if (tables.counts) await compareCounts(api, tables.counts, found);
      if (tables.users) await compareUsers(api, tables.users, (await readCsv(join(dir, 'users.csv'))) ?? [], found);
      return found;
    });
    return comparison.report();
  });
}

async function compareTotals(api: Api, expected: Table, found: Comparison): Promise<void> {
  const totals = new Map<string, number>();
  const open = [...((await api.get('/v1/categories')).data as readonly CategoryNode[])];
  for (let node = open.pop(); node; node = open.pop()) {
    totals.set(String(node.cat_id), node.total_products);
    open.push(...node.child_categories);
  }
  for (const { cat_id = '', total_products } of expected) {
    found.number(`category ${cat_id}, total_products`, totals.get(cat_id), total_products);
  }
  found.number('number of categories', totals.size, String(expected.length));
  console.log(`total_products.csv: ${expected.length} categories`);
}

async function compareCounts(api: Api, expected: Table, found: Comparison): Promise<void> {
  await forEachInFlight(expected, REQUESTS_AT_ONCE, async (row) => {
    const answer = await api.get(`/v1/categories/${row['cat_id']}/order-counts`);
    const data = answer.data as Readonly<Record<string, number>>;
    for (const status of ['placed', 'paid', 'cancelled']) {
      found.number(`category ${row['cat_id']}, orders ${status}`, data[status], row[status]);
    }
  });
  console.log(`status_counts.csv: ${expected.length} categories`);
}

/** Users that are not in the expected file have no orders. total_amount is over all orders, cancelled ones too. */
async function compareUsers(api: Api, expected: Table, users: Table, found: Comparison): Promise<void> {
  const rows = new Map(expected.map((row) => [row['user_ref'], row]));
  const byEmail = new Map(users.map((user) => [user['email'], user['user_ref']]));
  const seen = new Set<string>();
  await forEachInFlight(
    api.list<{ user_id: string; email: string }>('/v1/users?limit=100'),
    REQUESTS_AT_ONCE,
    async ({ user_id, email }) => {
      const ref = byEmail.get(email);
      if (ref === undefined) {
        found.differences.push(`the API has a user that the files have not: ${user_id}`);
        return;
      }
      seen.add(ref);
      const sums = { placed: 0, paid: 0, cancelled: 0, total_amount: 0 };
      for await (const order of api.list<OrderAnswer>(`/v1/users/${user_id}/orders?limit=100`)) {
        sums[order.status]++;
        sums.total_amount += order.total;
      }
      const row = rows.get(ref);
      for (const [name, sum] of Object.entries(sums)) {
        found.number(`user ${ref}, ${name}`, sum, row ? row[name] : '0');
      }
    },
  );
  for (const ref of new Set([...byEmail.values(), ...rows.keys()])) {
    if (ref !== undefined && !seen.has(ref)) found.differences.push(`user ${ref} is not in the API`);
  }
  console.log(`user_orders.csv: ${expected.length} users with orders, ${seen.size} users`);
}

await checkFolder('check:data', main);
