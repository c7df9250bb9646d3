/** A folder of import files as plain arrays, joined with the ids and the order that the log gave them. */
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { ListedOrder } from '../test/support/order-lists.js';
import { type Api, readCsv } from './imported-shop.js';

export interface SourceLine {
  readonly sku: string;
  readonly product_id: number;
  readonly quantity: number;
  readonly unit_price: number;
}

interface SourceRow {
  readonly order_ref: string;
  readonly user_ref: string;
  readonly placed_at: string;
  readonly currency: string;
  readonly items: readonly SourceLine[];
  readonly paid_at?: string;
  readonly cancelled_at?: string;
}

/** `reference_hash` is the reference itself: brute force compares, and does not hash. */
export interface SourceOrder extends ListedOrder {
  readonly row: SourceRow;
}

export interface SourceProduct {
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly cat_ids: readonly number[];
}

export interface SourceUser {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
}

/** An event of an order, at its position. */
interface LoggedEvent {
  readonly token: string;
  readonly position: string;
  readonly recordedAt: string;
}

export interface Source {
  /** In the order of the log. */
  readonly orders: readonly SourceOrder[];
  readonly events: readonly LoggedEvent[];
  readonly products: readonly SourceProduct[];
  readonly users: readonly SourceUser[];
  readonly categories: readonly number[];
  /** The products that stand in a category or below it. */
  readonly inCategory: (catId: number) => ReadonlySet<number>;
}

interface LogItem {
  readonly type: string;
  readonly position: string;
  readonly recorded_at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export async function readSource(dir: string, api: Api): Promise<Source> {
  const log: LogItem[] = [];
  const types = 'UserRegistered,OrderPlaced,OrderPaid,OrderCancelled';
  for await (const item of api.list<LogItem>(`/v1/log?limit=100&types=${types}`)) log.push(item);
  log.reverse();
  const products = await productsOf(dir);
  const users = await usersOf(dir, log);
  const { orders, events } = ordersOf(await rowsOf(dir), log, users);
  return { orders, events, products, users: [...users.values()], ...(await categoriesOf(dir, products)) };
}

async function rowsOf(dir: string): Promise<Map<string, SourceRow>> {
  const text = gunzipSync(await readFile(join(dir, 'orders.ndjson.gz'))).toString('utf8');
  const rows = text.split('\n').filter((line) => line !== '');
  return new Map(rows.map((line) => JSON.parse(line) as SourceRow).map((row) => [row.order_ref, row]));
}

async function productsOf(dir: string): Promise<SourceProduct[]> {
  const table = (await readCsv(join(dir, 'products.csv'))) ?? [];
  return table.map(({ product_id, sku = '', name = '', price, cat_ids = '' }) => ({
    ...{ product_id: Number(product_id), sku, name, price: Number(price) },
    cat_ids: cat_ids.split('|').map(Number),
  }));
}

/** By `user_ref`, in the order of the log. */
async function usersOf(dir: string, log: readonly LogItem[]): Promise<Map<string, SourceUser>> {
  const table = (await readCsv(join(dir, 'users.csv'))) ?? [];
  const byEmail = new Map(table.map((row) => [row['email'], row]));
  const registered = log.filter(({ type }) => type === 'UserRegistered');
  return new Map(
    registered.map(({ data }) => {
      const email = String(data['email']);
      const row = byEmail.get(email);
      return [row?.['user_ref'] ?? '', { user_id: String(data['user_id']), name: row?.['name'] ?? '', email }];
    }),
  );
}

function ordersOf(
  rows: ReadonlyMap<string, SourceRow>,
  log: readonly LogItem[],
  users: ReadonlyMap<string, SourceUser>,
): { orders: SourceOrder[]; events: LoggedEvent[] } {
  const orders = new Map<string, SourceOrder>();
  const events: LoggedEvent[] = [];
  for (const [i, { type, data, position: token, recorded_at: recordedAt }] of log.entries()) {
    if (type === 'UserRegistered') continue;
    const position = String(i).padStart(9, '0');
    events.push({ token, position, recordedAt });
    const order_id = String(data['order_id']);
    const known = orders.get(order_id);
    if (known) known.changed = position;
    else {
      const row = rows.get(String(data['external_reference']));
      if (!row) throw new Error(`the log has an order that the files have not: ${order_id}`);
      const { user_ref, order_ref, currency, items } = row;
      orders.set(order_id, {
        ...{ order_id, user_id: users.get(user_ref)?.user_id ?? '', number: Number(data['number']), row, currency },
        ...{ reference_hash: order_ref, placed_at: new Date(row.placed_at).toISOString() },
        total: items.reduce((sum, { quantity, unit_price }) => sum + quantity * unit_price, 0),
        product_ids: [...new Set(items.map(({ product_id }) => product_id))],
        ...{ position, changed: position },
        status: row.cancelled_at ? 'cancelled' : row.paid_at ? 'paid' : 'placed',
      });
    }
  }
  if (orders.size !== rows.size) throw new Error(`the log has ${orders.size} orders, the files ${rows.size}`);
  return { orders: [...orders.values()], events };
}

async function categoriesOf(
  dir: string,
  products: readonly SourceProduct[],
): Promise<Pick<Source, 'categories' | 'inCategory'>> {
  const table = (await readCsv(join(dir, 'categories.csv'))) ?? [];
  const parents = new Map(table.map(({ cat_id, parent_cat_id }) => [Number(cat_id), Number(parent_cat_id)]));
  const members = new Map<number, Set<number>>([...parents.keys()].map((id) => [id, new Set()]));
  for (const { product_id, cat_ids } of products) {
    for (const named of cat_ids) {
      for (let id: number | undefined = named; id; id = parents.get(id)) members.get(id)?.add(product_id);
    }
  }
  return { categories: [...parents.keys()], inCategory: (catId) => members.get(catId) ?? new Set() };
}
