/** An installation moved into an empty one, and what two of them must have in common. */
import { join } from 'node:path';
import type { Test } from 'tap';
import type { CategoryAnswer } from '../../src/category/answer.js';
import { noProgress } from '../../src/commands/progress.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import type { ProductAnswer } from '../../src/product/answer.js';
import type { StockAnswer } from '../../src/stock/answer.js';
import type { UserAnswer } from '../../src/user/answer.js';
import { orderlog, settingsFor, temporaryFolder } from './orderlog.js';
import { runningApp, type RunningApp } from './running-app.js';

const settings = { dryRun: false, onError: 'stop', progress: noProgress } as const;

export interface Moved {
  readonly dir: string;
  readonly exitCode: number;
  /** What the export printed. */
  readonly printed: unknown;
  readonly shop: RunningApp;
}

/** Exports a shop and imports that into an empty one, which has everything when this returns; a second import must append nothing. */
export async function moved(t: Test, { database, dataDir, http }: RunningApp): Promise<Moved> {
  http.patience = 30;
  const dir = join(temporaryFolder(t), 'new', 'export');
  const exported = await orderlog(settingsFor(database, dataDir), 'export', dir, '--with-proofs', '--json');
  const printed: unknown = JSON.parse(exported.stdout);
  const shop = await runningApp(t);
  t.same([...(await shop.runtime.import(dir, settings)).findings], []);
  shop.http.position = shop.runtime.tokens.encode(await shop.runtime.store.head());
  shop.http.patience = 30;
  const again = await shop.runtime.import(dir, settings);
  t.same([again.appended, [...again.findings]], [0, []], 'a second import of it changes nothing');
  return { dir, exitCode: exported.code ?? -1, printed, shop };
}

export function sameShops(t: Test, found: Whole, expected: Whole): void {
  for (const part of ['tree', 'counts', 'products', 'available', 'users', 'orders'] as const)
    t.same(found[part], expected[part], part);
}

export interface Whole {
  readonly tree: unknown;
  readonly counts: unknown;
  readonly products: unknown;
  /** What can be promised: what placed orders hold is not. */
  readonly available: unknown;
  readonly users: unknown;
  readonly orders: unknown;
}

/** What two installations must have in common: all but the ids, which each installation draws itself. */
export async function wholeOf({ http }: RunningApp): Promise<Whole> {
  const all = async <T>(path: string): Promise<T[]> => {
    const items: T[] = [];
    for (let next: string | null = path; next !== null;) {
      const { body } = await http.ok('GET', next);
      const page = body as { readonly data: readonly T[]; readonly next: string | null };
      items.push(...page.data);
      next = page.next;
    }
    return items;
  };
  const users = await all<UserAnswer>('/v1/users?limit=100');
  const nameOf = new Map(users.map(({ user_id, name }) => [user_id, name]));
  const orders = await all<OrderAnswer>('/v1/orders?limit=100');
  const products = [
    ...(await all<ProductAnswer>('/v1/products?limit=100')),
    ...(await all<ProductAnswer>('/v1/products?limit=100&status=retired')),
  ];
  const stock = await all<StockAnswer>('/v1/stock?limit=100');
  const { data: tree } = await http.ok('GET', '/v1/categories');
  const catIds = [...JSON.stringify(tree).matchAll(/"cat_id":(\d+)/g)]
    .map(([, id]) => Number(id))
    .sort((a, b) => a - b);
  const counts = [];
  for (const catId of catIds) {
    const category = (await http.ok('GET', `/v1/categories/${catId}`)).data as CategoryAnswer;
    counts.push([{ ...category, revision: 0 }, (await http.ok('GET', `/v1/categories/${catId}/order-counts`)).data]);
  }
  const sorted = (lines: readonly object[]): string[] => lines.map((line) => JSON.stringify(line)).sort();
  return {
    tree,
    counts,
    products: products.map((product) => ({ ...product, revision: 0 })),
    available: stock.map(({ product_id, available }) => [product_id, available]),
    users: sorted(
      users.map(({ name, email, status, id_proof, registered_at }) => ({
        name,
        email,
        status,
        registered_at,
        sha256: id_proof?.sha256,
      })),
    ),
    orders: sorted(
      orders.map(({ order_id: _, number: _number, user_id, history, revision: _revision, ...order }) => ({
        ...order,
        user: nameOf.get(user_id),
        history: history.map(({ status, at, reason, reference }) => ({
          status,
          at,
          reason: reason ?? null,
          reference: reference ?? null,
        })),
      })),
    ),
  };
}
