/**
 * `npm run check:lists -- DIR`: imports a folder into a fresh data folder, serves it, works out every list from the files and the log by
 * brute force, and compares: each filter alone with every value that it can have, each pair of filters, each sort, page after page; CSV
 * and NDJSON; the search of the catalog; and the files of an export. Exit 0 all equal, 1 a difference or an error, 2 wrong use.
 */
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { ORDER_SORTS, type OrderFilters, type OrderSort } from '../projections/user-orders/list-statement.js';
import type { Position } from '../src/engine/core/position.js';
import { forEachInFlight } from '../src/engine/in-flight.js';
import { bruteForceList, type ListedOrder } from '../test/support/order-lists.js';
import { compareCatalog } from './check-catalog.js';
import { Comparison } from './comparison.js';
import { compareExport } from './compare-export.js';
import { type Api, checkFolder, importInto, inDataFolder, run, serving } from './imported-shop.js';
import { readSource, type Source, type SourceOrder } from './list-source.js';

const REQUESTS_AT_ONCE = 16;
/** Of a list that is longer, the first pages are compared; the lists of each sort and the files are compared to their end. */
const ROWS_OF_A_LIST = 300;
/** Orders whose values are the filters of the pairs. */
const ANCHORS = 3;

interface Shown {
  readonly order_id: string;
}

/** What a query says, and the same in terms of the plain model. */
interface Filter {
  readonly query: string;
  readonly plain: OrderFilters;
}

type Filters = Readonly<Record<string, Filter>>;

class OrderLists {
  constructor(
    private readonly api: Api,
    private readonly source: Source,
    private readonly found: Comparison,
  ) {}

  async compare(): Promise<void> {
    await this.#section('each sort, to the end', () => this.#sorts());
    await this.#section('each filter alone', () => this.#alone());
    await this.#section('each value of a filter', () => this.#values());
    await this.#section('pairs of filters', () => this.#pairs());
    await this.#section('files', () => this.#files());
  }

  async #section(name: string, work: () => Promise<void>): Promise<void> {
    const [before, begun] = [this.found.compared, performance.now()];
    const differing = this.found.differences.length;
    await work();
    const seconds = Math.round((performance.now() - begun) / 1_000);
    const differences = this.found.differences.length - differing;
    console.log(
      `orders, ${name}: ${this.found.compared - before} compared in ${seconds} s, ${differences} differences`,
    );
  }

  async #sorts(): Promise<void> {
    for (const sort of ORDER_SORTS) {
      const shown: SourceOrder[] = this.#expected({}, sort);
      const answers: unknown[] = [];
      for await (const one of this.api.list(`/v1/orders?limit=100&sort=${sort}`))
        answers.push(contentOf(one as object));
      this.found.list(`sort=${sort}`, answers, shown.map(contentOfSource.bind(null, this.source)));
    }
  }

  async #alone(): Promise<void> {
    const ends = [0, 0.1, 0.37, 0.5, 0.8, 1].map((part) => Math.floor(part * (this.source.orders.length - 1)));
    const anchors = ends.flatMap((i) => this.source.orders[i] ?? []);
    const tasks = anchors.flatMap((one) =>
      Object.values(this.#filtersOf(one)).flatMap((filter) => ORDER_SORTS.map((sort) => [filter, sort] as const)),
    );
    await forEachInFlight(tasks, REQUESTS_AT_ONCE, ([filter, sort]) => this.#listed(filter, sort));
    const statuses = ['placed', 'paid', 'cancelled', 'paid,cancelled', 'placed,cancelled', 'placed,paid,cancelled'];
    for (const status of statuses) {
      const plain = { status: status.split(',') as ListedOrder['status'][] };
      for (const sort of ORDER_SORTS) await this.#listed({ query: `status=${status}`, plain }, sort);
    }
    await this.#listed({ query: 'currency=XXX', plain: { currency: 'XXX' } }, '-placed_at');
  }

  /** Every user, product, category, number and reference. */
  async #values(): Promise<void> {
    const { users, products, categories, orders, inCategory } = this.source;
    const newest = [...orders].sort(newestFirst);
    const byUser = groups(newest, (one) => [one.user_id]);
    const byProduct = groups(newest, (one) => one.product_ids);
    await forEachInFlight(users, REQUESTS_AT_ONCE, async ({ user_id }) => {
      const expected = byUser.get(user_id) ?? [];
      await this.#same(`/v1/users/${user_id}/orders?limit=100`, expected);
      await this.#same(`/v1/orders?limit=100&user_id=${user_id}`, expected);
    });
    await forEachInFlight(products, REQUESTS_AT_ONCE, ({ product_id }) =>
      this.#same(`/v1/orders?limit=100&product_id=${product_id}`, byProduct.get(product_id) ?? []),
    );
    await forEachInFlight(categories, REQUESTS_AT_ONCE, async (catId) => {
      const held = new Set([...inCategory(catId)].flatMap((id) => byProduct.get(id) ?? []));
      await this.#same(`/v1/orders?limit=100&cat_id=${catId}`, [...held].sort(newestFirst));
    });
    await forEachInFlight(orders, REQUESTS_AT_ONCE, async (one) => {
      await this.#same(`/v1/orders?number=${one.number}`, [one]);
      await this.#same(`/v1/orders?external_reference=${encodeURIComponent(one.row.order_ref)}`, [one]);
    });
  }

  async #pairs(): Promise<void> {
    const tasks: (readonly [Filter, OrderSort])[] = [];
    for (let n = 0; n < ANCHORS; n++) {
      const one = this.source.orders[Math.floor(((n + 0.5) / ANCHORS) * this.source.orders.length)];
      const filters = one ? Object.values(this.#filtersOf(one)) : [];
      for (const [i, first] of filters.entries()) {
        for (const second of filters.slice(i + 1)) {
          // A parameter is sent once.
          if (Object.keys(second.plain).some((name) => Object.hasOwn(first.plain, name))) continue;
          const both = { query: `${first.query}&${second.query}`, plain: { ...first.plain, ...second.plain } };
          const sorts = [0, 1].map((turn) => ORDER_SORTS[(tasks.length / 2 + n + 3 * turn) % ORDER_SORTS.length]);
          tasks.push(...sorts.map((sort) => [both, sort ?? '-placed_at'] as const));
        }
      }
    }
    await forEachInFlight(tasks, REQUESTS_AT_ONCE, ([filter, sort]) => this.#listed(filter, sort));
  }

  /** With each filter once, and each sort. */
  async #files(): Promise<void> {
    const one = this.source.orders[Math.floor(this.source.orders.length / 2)];
    const filters = one ? Object.values(this.#filtersOf(one)) : [];
    const lists = [
      ...ORDER_SORTS.map((sort) => [{ query: '', plain: {} }, sort] as const),
      ...filters.map((filter, i) => [filter, ORDER_SORTS[i % ORDER_SORTS.length] ?? '-placed_at'] as const),
    ];
    for (const [{ query, plain }, sort] of lists) {
      const path = `/v1/orders?sort=${sort}${query && `&${query}`}`;
      const expected = this.#expected(plain, sort);
      const lines = (await this.api.text(path, 'application/x-ndjson')).split('\n').filter((line) => line !== '');
      const contents = lines.map((line) => contentOf(JSON.parse(line) as object));
      this.found.list(`NDJSON of ${path}`, contents, expected.map(contentOfSource.bind(null, this.source)));
      const rows: Record<string, string>[] = parse(await this.api.text(path, 'text/csv'), {
        columns: true,
        record_delimiter: '\r\n',
      });
      this.found.list(`CSV of ${path}`, rows.map(cellsOf), expected.map(cellsOfSource));
    }
  }

  async #listed({ query, plain }: Filter, sort: OrderSort): Promise<void> {
    await this.#same(`/v1/orders?limit=100&${query}&sort=${sort}`, this.#expected(plain, sort));
  }

  async #same(path: string, expected: readonly SourceOrder[]): Promise<void> {
    const shown: string[] = [];
    for await (const { order_id } of this.api.list<Shown>(path)) {
      shown.push(order_id);
      if (shown.length === ROWS_OF_A_LIST) break;
    }
    const first = expected.slice(0, shown.length === ROWS_OF_A_LIST ? ROWS_OF_A_LIST : undefined);
    this.found.list(
      path,
      shown,
      first.map(({ order_id }) => order_id),
    );
  }

  #expected(filters: OrderFilters, sort: OrderSort): SourceOrder[] {
    return bruteForceList(this.source.orders, filters, sort, this.source.inCategory) as SourceOrder[];
  }

  /** Each filter so that it lets this order in. */
  #filtersOf(one: SourceOrder): Filters {
    const { events, products } = this.source;
    const cat = products.find(({ product_id }) => product_id === one.product_ids[0])?.cat_ids[0] ?? 0;
    const changed = events.findIndex(({ position }) => position === one.changed);
    const before = events[Math.max(0, changed - 1)];
    const since = events.findIndex(({ recordedAt }) => recordedAt >= (events[changed]?.recordedAt ?? ''));
    const justBefore = (since > 0 ? events[since - 1]?.position : '') as Position;
    return {
      status: { query: `status=${one.status}`, plain: { status: [one.status] } },
      user: { query: `user_id=${one.user_id}`, plain: { userId: one.user_id } },
      product: { query: `product_id=${one.product_ids[0]}`, plain: { productId: one.product_ids[0] } },
      category: { query: `cat_id=${cat}`, plain: { catId: cat } },
      number: { query: `number=${one.number}`, plain: { number: one.number ?? 0 } },
      reference: {
        query: `external_reference=${encodeURIComponent(one.row.order_ref)}`,
        plain: { referenceHash: one.row.order_ref },
      },
      from: { query: `placed_from=${one.placed_at}`, plain: { placedFrom: one.placed_at } },
      to: { query: `placed_to=${one.placed_at}`, plain: { placedTo: one.placed_at } },
      position: {
        query: `updated_since=${before?.token}`,
        plain: { changedAfter: before?.position as Position },
      },
      time: { query: `updated_since=${events[changed]?.recordedAt}`, plain: { changedAfter: justBefore } },
      min: { query: `total_min=${one.total}`, plain: { totalMin: one.total } },
      max: { query: `total_max=${one.total}`, plain: { totalMax: one.total } },
      currency: { query: `currency=${one.currency}`, plain: { currency: one.currency } },
    };
  }
}

function newestFirst(a: SourceOrder, b: SourceOrder): number {
  if (a.placed_at !== b.placed_at) return a.placed_at < b.placed_at ? 1 : -1;
  return a.position < b.position ? 1 : -1;
}

function groups<T>(items: readonly T[], keysOf: (item: T) => readonly (string | number)[]): Map<string | number, T[]> {
  const found = new Map<string | number, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) found.set(key, [...(found.get(key) ?? []), item]);
  }
  return found;
}

/** Of an order's answer what the files know as well. */
function contentOf(answer: object): object {
  const { history, allowed_actions: _, revision: __, ...rest } = answer as Record<string, unknown>;
  return { ...rest, history: (history as { status: string; at: string }[]).map(({ status, at }) => ({ status, at })) };
}

function contentOfSource({ products }: Source, one: SourceOrder): object {
  const { order_id, user_id, number, status, currency, total, placed_at, row } = one;
  const items = row.items.map(({ sku, product_id, quantity, unit_price }, i) => {
    const name = products[product_id - 1]?.product_id === product_id ? products[product_id - 1]?.name : undefined;
    return { line: i + 1, product_id, sku, name, quantity, unit_price, line_total: quantity * unit_price };
  });
  const then = ([status, at]: [string, string | undefined]) =>
    at === undefined ? [] : [{ status, at: new Date(at).toISOString() }];
  return {
    ...{ order_id, user_id, number: `O-${String(number).padStart(6, '0')}`, external_reference: row.order_ref },
    ...{ status, currency, total, items, placed_at },
    history: [
      { status: 'placed', at: placed_at },
      ...then(['paid', row.paid_at]),
      ...then(['cancelled', row.cancelled_at]),
    ],
  };
}

const CELLS = ['order_id', 'user_id', 'external_reference', 'status', 'currency', 'total', 'placed_at', 'lines'];

function cellsOf(row: Readonly<Record<string, string>>): (string | undefined)[] {
  return [...CELLS, 'paid_at', 'cancelled_at'].map((name) => row[name]);
}

function cellsOfSource({ order_id, user_id, row, status, currency, total, placed_at }: SourceOrder): string[] {
  const time = (at: string | undefined): string => (at === undefined ? '' : new Date(at).toISOString());
  const cells = [order_id, user_id, row.order_ref, status, currency, total, placed_at, row.items.length];
  return [...cells.map(String), time(row.paid_at), time(row.cancelled_at)];
}

async function main(dir: string): Promise<number> {
  return inDataFolder(async (data, signal) => {
    await importInto(data, dir, signal);
    const found = new Comparison();
    const source = await serving(data, signal, async (api) => {
      const read = await readSource(dir, api);
      await new OrderLists(api, read, found).compare();
      await compareCatalog(api, read, found);
      return read;
    });
    const files = join(data, '..', 'export');
    await run(['export', files], data, signal);
    await compareExport(files, source, found);
    return found.report('values');
  });
}

await checkFolder('check:lists', main);
