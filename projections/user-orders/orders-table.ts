import { type Actor, column, keyedTable, type Position, type RowOf, type Sealed } from '../../src/engine/index.js';
import type { orderEvents } from '../../src/order/events.js';
import type { OrderStatus } from '../../src/values.js';

const { bigint, changing, insertedAt, json, key, lastRevision, list, nullable, text, time, uuid } = column;

/** One status the order has had, as stored. */
export interface StoredHistoryEntry {
  readonly status: OrderStatus;
  readonly at: string;
  readonly by: Actor;
  readonly reason?: Sealed;
  readonly reference?: Sealed;
}

type Placed = ReturnType<(typeof orderEvents)['OrderPlaced']['schema']['parse']>;

/** As positions compare, whatever the database's own order of texts is. */
const position = { ...text<Position>(), type: 'text collate "C"' };

/**
 * Everything that a later event changes is narrow; the lines of a large order go out of line by themselves and are not copied when
 * the status changes. Each index ends with the position, so that a list has one order; see list-statement.ts.
 */
export const ordersTable = keyedTable('orders', {
  category: 'order',
  missing: 'has not been placed',
  columns: {
    order_id: key('uuid'),
    user_id: uuid,
    number: nullable(bigint),
    external_reference: nullable(text<Sealed>()),
    external_reference_hash: nullable(text()),
    status: changing(text<OrderStatus>()),
    revision: lastRevision,
    currency: text(),
    total: bigint,
    placed_at: time,
    position: insertedAt,
    changed: changing(position),
    history: list<StoredHistoryEntry>(),
    /** The lines as the order recorded them, in the order of the answer. */
    items: json<Placed['items']>(),
  },
  indexes: `
    create index orders_newest on {schema}.orders (placed_at, position);
    create index orders_by_status on {schema}.orders (status, placed_at, position);
    create index orders_by_user on {schema}.orders (user_id, placed_at, position);
    create index orders_by_total on {schema}.orders (total, position);
    create index orders_by_change on {schema}.orders (changed);
    create index orders_by_number on {schema}.orders (number) where number is not null;
    create index orders_by_reference on {schema}.orders (external_reference_hash)
      where external_reference_hash is not null;
  `,
});

export type OrderRow = RowOf<typeof ordersTable>;
