import {
  bounds,
  type Freshness,
  type Position,
  type ReadModel,
  type Standing,
  streamName,
  type Vault,
} from '../../src/engine/index.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import { orderAnswer } from './order-answer.js';
import { type OrderRow, type OrderStatus, ordersTable } from './projection.js';

type Turn = NonNullable<Parameters<ReadModel['query']>[4]>;

/** The place of an order in a list: newest first by business time, then by log position. */
export interface OrderKey {
  readonly placed_at: string;
  readonly position: Position;
}

export interface OrderListOptions {
  readonly status?: OrderStatus | undefined;
  /** Only what comes after this order; from the newest if null or left out. */
  readonly after?: OrderKey | null | undefined;
  readonly limit: number;
}

/** An order of a list. */
type ListedRow = OrderRow & { readonly more: true | null };

/** As many as asked for, fewer where they are large. `next` is the key that the following page goes on after. */
export interface OrderList extends Standing {
  readonly orders: OrderAnswer[];
  readonly next: OrderKey | null;
}

const COLUMNS = ordersTable.select('o');

const ONE = `select ${COLUMNS} from {schema}.orders o where o.order_id = $1::uuid`;

/** How long its parts of any length are; what is not compressed tells it without being read. */
const LENGTH = ['items', 'history']
  .map(
    (column) => `case when pg_column_compression(o.${column}) is null then pg_column_size(o.${column})
      else octet_length(o.${column}::text) end`,
  )
  .join(' + ');

/** Of these orders the first ones, up to LIST_BYTES: always one, and of each whether another one follows it. */
function boundedText(orders: string): string {
  return `select * from (
      select o.*, lead(true) over newest as more, sum(o.length) over (newest rows unbounded preceding) as bytes
      from (${orders}) o window newest as (order by o.placed_at desc, o.position desc)
    ) o where o.bytes - o.length < ${bounds.listBytes} order by o.placed_at desc, o.position desc`;
}

const NEWEST = boundedText(`select ${COLUMNS}, ${LENGTH} as length from {schema}.orders o
  where (o.placed_at, o.position) < ($1::timestamptz, $2::text)
  order by o.placed_at desc, o.position desc limit $3::integer`);

/**
 * A page of those with $4 in this column. Written as a range of the column's own index: given an equation, the planner
 * may walk through all orders by time and filter, which takes as long as there are orders.
 */
function listText(column: 'status' | 'user_id', type: 'text' | 'uuid', condition = 'true'): string {
  return boundedText(`select ${COLUMNS}, ${LENGTH} as length from {schema}.orders o
    where (o.${column}, o.placed_at, o.position) < ($4::${type}, $1::timestamptz, $2::text)
      and (o.${column}, o.placed_at, o.position) > ($4::${type}, '-infinity'::timestamptz, '') and ${condition}
    order by o.${column} desc, o.placed_at desc, o.position desc limit $3::integer`);
}

const NEWEST_BY_STATUS = listText('status', 'text');
const OF_USER = listText('user_id', 'uuid');
const OF_USER_BY_STATUS = listText('user_id', 'uuid', 'o.status = $5::text');

/** Comes before the newest. */
const FROM_THE_NEWEST = { placed_at: 'infinity', position: '' };

export class UserOrders {
  constructor(
    readonly model: ReadModel,
    readonly vault: Vault,
    /** For lists: the others wait. */
    readonly turn?: Turn,
  ) {}

  /** @throws Refusal read-model-behind */
  async order(orderId: string, freshness?: Freshness): Promise<Standing & { order: OrderAnswer | null }> {
    const stream = streamName('order', orderId);
    const { rows, ...standing } = await this.model.queryOne<OrderRow>(
      stream,
      'user-orders-one',
      ONE,
      [orderId],
      freshness,
    );
    const [row] = rows;
    return { ...standing, order: row ? await orderAnswer(row, this.vault) : null };
  }

  /** All orders, newest first. @throws Refusal read-model-behind */
  newest(options: OrderListOptions, freshness?: Freshness): Promise<OrderList> {
    return options.status
      ? this.#list('user-orders-newest-by-status', NEWEST_BY_STATUS, [options.status], options, freshness)
      : this.#list('user-orders-newest', NEWEST, [], options, freshness);
  }

  /** One user's orders, newest first; none for an unknown user. @throws Refusal read-model-behind */
  ofUser(userId: string, options: OrderListOptions, freshness?: Freshness): Promise<OrderList> {
    return options.status
      ? this.#list('user-orders-of-user-by-status', OF_USER_BY_STATUS, [userId, options.status], options, freshness)
      : this.#list('user-orders-of-user', OF_USER, [userId], options, freshness);
  }

  async #list(
    name: string,
    text: string,
    subject: readonly string[],
    { after, limit }: OrderListOptions,
    freshness?: Freshness,
  ): Promise<OrderList> {
    const key = after ?? FROM_THE_NEWEST;
    // One row more than asked for tells whether there is a next page.
    const values = [key.placed_at, key.position, limit + 1, ...subject];
    const { rows, ...standing } = await this.model.query<ListedRow>(name, text, values, freshness, this.turn);
    const shown = rows.slice(0, limit);
    await this.vault.prefetch(shown.filter(holdsSealedText).map((row) => row.user_id));
    const orders = await Promise.all(shown.map((row) => orderAnswer(row, this.vault)));
    const last = shown.at(-1);
    const next = last?.more ? { placed_at: last.placed_at, position: last.position } : null;
    return { ...standing, orders, next };
  }
}

function holdsSealedText(row: OrderRow): boolean {
  if (row.external_reference !== null) return true;
  return row.history.some((entry) => entry.reason !== undefined || entry.reference !== undefined);
}
