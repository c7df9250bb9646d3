/** The files of an export, compared with those that were imported. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Comparison } from './comparison.js';
import { readCsv, type Table } from './imported-shop.js';
import type { Source, SourceLine } from './list-source.js';

interface ExportedOrder {
  readonly order_ref: string;
  readonly user_ref: string;
  readonly external_reference: string;
  readonly placed_at: string;
  readonly currency: string;
  readonly items: readonly SourceLine[];
  readonly paid_at?: string;
  readonly cancelled_at?: string;
}

export async function compareExport(files: string, source: Source, found: Comparison): Promise<void> {
  const before = found.compared;
  const table = async (name: string): Promise<Table> => (await readCsv(join(files, name))) ?? [];
  const ids = (await table('categories.csv')).map(({ cat_id }) => Number(cat_id));
  found.list('exported categories', ids.sort(ascending), [...source.categories].sort(ascending));
  const products = (await table('products.csv')).map(({ product_id, sku, name, price, cat_ids }) =>
    [product_id, sku, name, price, cat_ids].join('\t'),
  );
  const expected = source.products.map(({ product_id, sku, name, price, cat_ids }) =>
    [product_id, sku, name, price, cat_ids.join('|')].join('\t'),
  );
  found.list('exported products', products.sort(), expected.sort());
  const users = (await table('users.csv')).map(({ user_ref, name, email }) => [user_ref, name, email].join('\t'));
  const known = source.users.map(({ user_id, name, email }) => [user_id, name, email].join('\t'));
  found.list('exported users', users.sort(), known.sort());
  const lines = (await readFile(join(files, 'orders.ndjson'), 'utf8')).split('\n').filter((line) => line !== '');
  const orders = lines.map((line) => JSON.parse(line) as ExportedOrder).map(contentOf);
  const rows = source.orders.map(({ order_id, user_id, row }) =>
    contentOf({ ...row, order_ref: order_id, user_ref: user_id, external_reference: row.order_ref }),
  );
  found.list('exported orders', orders.sort(), rows.sort());
  console.log(`export: ${found.compared - before} compared`);
}

function ascending(a: number, b: number): number {
  return a - b;
}

function contentOf({ order_ref, user_ref, external_reference, currency, items, ...times }: ExportedOrder): string {
  const at = [times.placed_at, times.paid_at, times.cancelled_at].map((time) =>
    time ? new Date(time).toISOString() : '',
  );
  const lines = items.map(({ sku, product_id, quantity, unit_price }) => [sku, product_id, quantity, unit_price]);
  return JSON.stringify([order_ref, user_ref, external_reference, currency, at, lines]);
}
