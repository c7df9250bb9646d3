/**
 * A list of orders: filters in, statement out. The filter that picks fewest orders drives the statement, by an index that ends with the
 * sort's columns where there is one; the other filters are conditions. There are few texts, whatever is asked for: each is prepared
 * once on each connection.
 */
import { bounds, type Position } from '../../src/engine/index.js';
import { ordersTable, type OrderRow } from './orders-table.js';

export const ORDER_SORTS = ['-placed_at', 'placed_at', '-total', 'total', '-updated_at', 'updated_at'] as const;

export type OrderSort = (typeof ORDER_SORTS)[number];

/** What is left out or undefined does not filter. Bounds belong to what they bound. */
export interface OrderFilters {
  readonly status?: readonly OrderRow['status'][] | undefined;
  readonly userId?: string | undefined;
  readonly number?: number | undefined;
  /** Keyed hash of the external reference. */
  readonly referenceHash?: string | undefined;
  /** Orders with a line of this product. */
  readonly productId?: number | undefined;
  /** Orders with a line whose product stands in this category or below it, by today's categories. */
  readonly catId?: number | undefined;
  readonly placedFrom?: string | undefined;
  readonly placedTo?: string | undefined;
  /** Orders that changed after this position of the log. */
  readonly changedAfter?: Position | undefined;
  readonly totalMin?: number | undefined;
  readonly totalMax?: number | undefined;
  readonly currency?: string | undefined;
}

/** The values of a sort's columns in one order: the list continues after them. */
export type OrderKey = readonly string[];

export interface OrderListOptions extends OrderFilters {
  /** `-placed_at` if left out. */
  readonly sort?: OrderSort | undefined;
  /** Only what comes after this order; from the first if null or left out. */
  readonly after?: OrderKey | null | undefined;
  readonly limit: number;
}

export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

type KeyColumn = 'placed_at' | 'total' | 'changed' | 'position';

/** Columns that together are different for each order, and the filters that bound them. */
interface KeyRange {
  readonly columns: readonly KeyColumn[];
  readonly ends: readonly (keyof OrderFilters)[];
}

const SORTS = {
  placed_at: { columns: ['placed_at', 'position'], ends: ['placedFrom', 'placedTo'] },
  total: { columns: ['total', 'position'], ends: ['totalMin', 'totalMax'] },
  updated_at: { columns: ['changed'], ends: ['changedAfter'] },
} as const satisfies Record<string, KeyRange>;

const TYPES: Readonly<Record<KeyColumn, string>> = {
  placed_at: 'timestamptz',
  total: 'bigint',
  changed: 'text',
  position: 'text',
};

/** Before and behind every position. */
const [FIRST, LAST] = ['', '~'];

interface Sort extends KeyRange {
  readonly name: keyof typeof SORTS;
  readonly descending: boolean;
}

export function sortOf(sort: OrderSort = '-placed_at'): Sort {
  const descending = sort.startsWith('-');
  const name = (descending ? sort.slice(1) : sort) as keyof typeof SORTS;
  return { name, ...SORTS[name], descending };
}

/** What a list is sorted by, of one order: the next page begins behind it. */
export function keyOf(row: OrderRow, sort: OrderSort | undefined): OrderKey {
  return sortOf(sort).columns.map((column) => String(row[column]));
}

const COLUMNS = ordersTable.select('o');

const HOLDING = 'select h.order_id from {schema}.order_products h';

/** How long its parts of any length are; what is not compressed tells it without being read. */
const LENGTH = ['items', 'history']
  .map(
    (column) => `case when pg_column_compression(o.${column}) is null then pg_column_size(o.${column})
      else octet_length(o.${column}::text) end`,
  )
  .join(' + ');

/** One row more than asked for; of each whether another one follows it. With a category, the model `products` is beside this one. */
export function listStatement(options: OrderListOptions): Statement {
  const sort = sortOf(options.sort);
  const driver = driverOf(options);
  // The others have no index that ends with another sort's columns.
  const ranged = sort.name === 'placed_at' && driver !== 'number' && driver !== 'referenceHash';
  const list = new ListText(options, sort, driver);
  const orders = driver === 'all' ? list.all() : ranged ? list.ranged() : list.sorted();
  const parts = [driver, ranged ? 'ranged' : '', options.sort ?? '-placed_at', list.others];
  const name = `user-orders-list-${parts.join('-')}`;
  return { name, text: bounded(orders, sort), values: list.values };
}

/** The filters that may drive a statement, in the order of how few orders they pick, as far as the filters tell. */
const DRIVERS = ['number', 'referenceHash', 'userId', 'productId', 'catId', 'status'] as const;

type Driver = (typeof DRIVERS)[number] | 'all';

/** A status picks few only where its index has the sort's order. */
function driverOf(options: OrderListOptions): Driver {
  const driver = DRIVERS.find((name) => options[name] !== undefined) ?? 'all';
  return driver === 'status' && sortOf(options.sort).name !== 'placed_at' ? 'all' : driver;
}

/** Of these orders the first ones, up to the bytes of a list: always one. */
function bounded(orders: string, sort: Sort): string {
  const order = orderBy(sort, 'o');
  return `select * from (
      select o.*, lead(true) over sorted as more, sum(o.length) over (sorted rows unbounded preceding) as bytes
      from (${orders}) o window sorted as (order by ${order})
    ) o where o.bytes - o.length < ${bounds.listBytes} order by ${order}`;
}

function orderBy({ columns, descending }: Sort, alias: string, prefix: readonly string[] = []): string {
  const all = [...prefix, ...columns.map((column) => `${alias}.${column}`)];
  return all.map((column) => (descending ? `${column} desc` : column)).join(', ');
}

class ListText {
  readonly values: unknown[] = [];

  constructor(
    private readonly options: OrderListOptions,
    private readonly sort: Sort,
    private readonly driver: Driver,
  ) {}

  /** Which conditions the text has beside driver and sort: texts with the same name must be the same. */
  get others(): '' | 'filtered' | 'of-category' {
    const { sort: _, after: __, limit: ___, ...filters } = this.options;
    if (filters.catId !== undefined && this.driver !== 'catId') return 'of-category';
    const own: readonly string[] = [this.driver, ...this.sort.ends];
    const isMore = Object.entries(filters).some(([name, value]) => value !== undefined && !own.includes(name));
    return isMore ? 'filtered' : '';
  }

  /** All orders in the order of the sort, which has an index. */
  all(): string {
    return `select ${COLUMNS}, ${LENGTH} as length from {schema}.orders o
      where ${this.#range('o')} and ${this.#conditions()}
      order by ${orderBy(this.sort, 'o')} limit ${this.#limit()}`;
  }

  /** The first orders of each user, status or product that is wanted, and of these the first. */
  ranged(): string {
    const limit = this.#limit();
    const isHeld = this.driver === 'productId' || this.driver === 'catId';
    const column = isHeld ? 'h.product_id' : this.driver === 'userId' ? 'o.user_id' : 'o.status';
    const alias = isHeld ? 'h' : 'o';
    // Without a condition on it, the order itself is looked up for those that are shown alone.
    const isJoined = isHeld && this.others !== '';
    const source = isHeld ? `{schema}.order_products h` : '{schema}.orders o';
    const first = `select ${alias}.order_id, ${alias}.placed_at, ${alias}.position
          from ${source} ${isJoined ? 'join {schema}.orders o on o.order_id = h.order_id' : ''}
          where ${this.#range(alias, [column], ['wanted.id'])} and ${this.#conditions()}
          order by ${orderBy(this.sort, alias, [column])}`;
    return `select ${COLUMNS}, ${LENGTH} as length
      from (
        select distinct found.order_id, found.placed_at, found.position
        from (${this.driver === 'catId' ? this.#foremost(first, limit) : this.#wanted()}) as wanted
        cross join lateral (${first} limit ${limit}) found
        order by ${orderBy(this.sort, 'found')} limit ${limit}
      ) found join {schema}.orders o on o.order_id = found.order_id
      order by ${orderBy(this.sort, 'o')} limit ${limit}`;
  }

  /** Of a category's products those that hold an order of the page: before the first one of each other there are orders enough. */
  #foremost(first: string, limit: string): string {
    return `select ranked.id
        from (
          select wanted.id, dense_rank() over (order by ${orderBy(this.sort, 'head')}) as place
          from (${this.#wanted()}) as wanted cross join lateral (${first} limit 1) head
        ) ranked where ranked.place <= ${limit}`;
  }

  /** All orders that the driver picks, sorted. The offset keeps the planner from walking through all orders in order instead. */
  sorted(): string {
    const { number, referenceHash, userId } = this.options;
    const picked = {
      number: () => `o.number = ${this.#value(number, 'bigint')}`,
      referenceHash: () => `o.external_reference_hash = ${this.#value(referenceHash, 'text')}`,
      userId: () => `o.user_id = ${this.#value(userId, 'uuid')}`,
    };
    const isHeld = this.driver === 'productId' || this.driver === 'catId';
    const holds = (): string =>
      `o.order_id in (${HOLDING} join (${this.#wanted()}) wanted on wanted.id = h.product_id)`;
    const where = isHeld ? holds() : picked[this.driver as keyof typeof picked]();
    return `select ${COLUMNS}, ${LENGTH} as length
      from (select * from {schema}.orders o where ${where} offset 0) o
      where ${this.#range('o')} and ${this.#conditions()}
      order by ${orderBy(this.sort, 'o')} limit ${this.#limit()}`;
  }

  /** A query of the values that the driver wants, as `id`. */
  #wanted(): string {
    const { userId, productId, catId, status } = this.options;
    if (this.driver === 'userId') return `select ${this.#value(userId, 'uuid')} as id`;
    if (this.driver === 'productId') return `select ${this.#value(productId, 'integer')} as id`;
    if (this.driver === 'status') return `select unnest(${this.#value(status, 'text[]')}) as id`;
    return `select s.product_id as id from {schema:products}.standing s where s.cat_id = ${this.#value(catId, 'integer')}`;
  }

  /** Between two keys, each behind the prefix: the index is read from the one to the other. */
  #range(alias: string, prefix: readonly string[] = [], values: readonly string[] = []): string {
    const { columns, descending } = this.sort;
    const { after } = this.options;
    const [low, high] = this.#ends();
    const named = [...prefix, ...columns.map((column) => `${alias}.${column}`)].join(', ');
    const bound = (key: OrderKey): string =>
      [...values, ...columns.map((column, i) => this.#value(key[i], TYPES[column]))].join(', ');
    return `(${named}) > (${bound((descending ? null : after) ?? low)})
      and (${named}) < (${bound((descending ? after : null) ?? high)})`;
  }

  /** Keys before the first and behind the last order that the filter of the sort's own column lets in. */
  #ends(): readonly [low: OrderKey, high: OrderKey] {
    const { placedFrom, placedTo, totalMin, totalMax, changedAfter } = this.options;
    switch (this.sort.name) {
      case 'placed_at':
        return [
          [placedFrom ?? '-infinity', FIRST],
          [placedTo ?? 'infinity', LAST],
        ];
      case 'total':
        return [
          [String(totalMin ?? -1), FIRST],
          [String(totalMax ?? Number.MAX_SAFE_INTEGER), LAST],
        ];
      case 'updated_at':
        return [[changedAfter ?? FIRST], [LAST]];
    }
  }

  /**
   * All filters but the driver: what is null lets everything in. With several statuses in a condition too, the scan of their index
   * begins at the last of them, not at the range. The user stays: by that the planner knows how few orders the others filter.
   */
  #conditions(): string {
    if (this.others === '') return 'true';
    const unless = (name: keyof OrderFilters, type: string, holds: (value: string) => string): string => {
      if (name === this.driver && name !== 'userId') return 'true';
      const sent = this.#value(this.options[name] ?? null, type);
      return `(${sent} is null or ${holds(sent)})`;
    };
    const conditions = [
      unless('status', 'text[]', (value) => `o.status = any (${value})`),
      unless('userId', 'uuid', (value) => `o.user_id = ${value}`),
      unless('number', 'bigint', (value) => `o.number = ${value}`),
      unless('referenceHash', 'text', (value) => `o.external_reference_hash = ${value}`),
      unless('currency', 'text', (value) => `o.currency = ${value}`),
      unless('placedFrom', 'timestamptz', (value) => `o.placed_at >= ${value}`),
      unless('placedTo', 'timestamptz', (value) => `o.placed_at <= ${value}`),
      unless('totalMin', 'bigint', (value) => `o.total >= ${value}`),
      unless('totalMax', 'bigint', (value) => `o.total <= ${value}`),
      unless('changedAfter', 'text', (value) => `o.changed > ${value}`),
      unless('productId', 'integer', (value) => `o.order_id in (${HOLDING} where h.product_id = ${value})`),
    ];
    if (this.others === 'of-category') {
      const id = this.#value(this.options.catId, 'integer');
      const standing = `{schema:products}.standing s on s.product_id = h.product_id where s.cat_id = ${id}`;
      conditions.push(`o.order_id in (${HOLDING} join ${standing})`);
    }
    return conditions.join('\n        and ');
  }

  #limit(): string {
    return this.#value(this.options.limit + 1, 'integer');
  }

  /**
   * Without other conditions there is one good plan, whatever the values are, and it is kept: the planner does not see them. Otherwise
   * it would plan each run of a long table again, which takes longer than the run.
   */
  #value(value: unknown, type: string): string {
    this.values.push(value);
    const sent = `$${this.values.length}::${type}`;
    return this.others === '' ? `(select ${sent})` : sent;
  }
}
