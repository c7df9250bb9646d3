import type { Actor, Envelope } from '../../src/engine/core/message.js';
import type { Sealed } from '../../src/engine/core/vault.js';
import { on, type ProjectedEvent, type Projection, type ProjectionDb } from '../../src/engine/projecting/projection.js';
import { orderEvents } from '../../src/order/events.js';
import { userOrdersBulk } from './bulk.js';

export type OrderStatus = 'placed' | 'paid' | 'cancelled';

/** One status the order has had, as stored. */
export interface StoredHistoryEntry {
  readonly status: OrderStatus;
  readonly at: string;
  readonly by: Actor;
  readonly reason?: Sealed;
  readonly reference?: Sealed;
}

type Placed = ReturnType<(typeof orderEvents)['OrderPlaced']['schema']['parse']>;

/** A line as the order recorded it, in the order of the answer. */
export type StoredLine = Placed['items'][number];

/** An order that the page touches. `placed` is there only if it was placed in this page. */
interface TouchedOrder {
  readonly placed?: { readonly data: Placed; readonly position: string };
  readonly history: readonly StoredHistoryEntry[];
  readonly revision: number;
}

interface UserOrdersPage {
  readonly orders: Map<string, TouchedOrder>;
}

export const userOrders: Projection<UserOrdersPage> = {
  name: 'user-orders',
  version: 1,
  tables: ['orders'],
  reads: { order: orderEvents },
  keyedBy: ['order'],
  // Everything that a later event changes is narrow; the lines of a large order go out of line by themselves and are not
  // copied when the status changes. Pages are read by the three keys (…, placed_at, position), backwards.
  ddl: `
    create table {schema}.orders (
      order_id uuid not null,
      user_id uuid not null,
      status text not null,
      revision integer not null,
      currency text not null,
      total bigint not null,
      placed_at timestamptz(3) not null,
      position text collate "C" not null,
      history json not null,
      items json not null
    );
  `,
  indexes: `
    alter table {schema}.orders add primary key (order_id);
    create index orders_newest on {schema}.orders (placed_at, position);
    create index orders_by_status on {schema}.orders (status, placed_at, position);
    create index orders_by_user on {schema}.orders (user_id, placed_at, position);
  `,
  bulk: userOrdersBulk,
  handlers: {
    OrderPlaced: on(orderEvents.OrderPlaced, (page, { data, ...event }) => {
      const placed = { data, position: event.position };
      const history = [{ status: 'placed', at: data.placed_at, by: event.metadata.actor }] as const;
      page.orders.set(data.order_id, { placed, history, revision: event.revision });
    }),
    OrderPaid: on(orderEvents.OrderPaid, (page, event) => {
      const { order_id, paid_at: at, reference } = event.data;
      const by = event.metadata.actor;
      follow(page, order_id, event, { status: 'paid', at, by, ...(reference === null ? {} : { reference }) });
    }),
    OrderCancelled: on(orderEvents.OrderCancelled, (page, event) => {
      const { order_id, cancelled_at: at, reason } = event.data;
      const by = event.metadata.actor;
      follow(page, order_id, event, { status: 'cancelled', at, by, ...(reason === null ? {} : { reason }) });
    }),
  },
  open,
  flush,
};

/** The order's next status. The log has an order's placing before everything else about it. */
function follow(
  page: UserOrdersPage,
  orderId: string,
  event: { readonly revision: number },
  entry: StoredHistoryEntry,
): void {
  const order = page.orders.get(orderId);
  if (!order) throw new Error(`order ${orderId} has not been placed`);
  page.orders.set(orderId, { ...order, history: [...order.history, entry], revision: event.revision });
}

async function open(events: readonly ProjectedEvent[], db: ProjectionDb): Promise<UserOrdersPage> {
  const orders = new Map<string, TouchedOrder>();
  const placedHere = new Set<string>();
  const elsewhere = new Set<string>();
  for (const event of events as readonly Envelope<{ type: string; data: { order_id: string } }>[]) {
    const { order_id } = event.data;
    if (event.type === 'OrderPlaced') placedHere.add(order_id);
    else if (!placedHere.has(order_id)) elsewhere.add(order_id);
  }
  if (elsewhere.size > 0) {
    const rows = await db.query<{ order_id: string; revision: number; history: StoredHistoryEntry[] }>(
      'user-orders-load',
      'select order_id, revision, history from {schema}.orders where order_id = any($1::uuid[])',
      [[...elsewhere]],
    );
    for (const { order_id, revision, history } of rows) orders.set(order_id, { revision, history });
  }
  return { orders };
}

async function flush(page: UserOrdersPage, db: ProjectionDb): Promise<void> {
  await Promise.all([insertPlaced(page, db), updateFollowed(page, db)]);
}

async function insertPlaced(page: UserOrdersPage, db: ProjectionDb): Promise<void> {
  const rows = [...page.orders.values()].flatMap((order) => (order.placed ? [{ ...order, ...order.placed }] : []));
  if (rows.length === 0) return;
  await db.query(
    'user-orders-insert',
    `insert into {schema}.orders
       (order_id, user_id, status, revision, currency, total, placed_at, position, history, items)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::text[], $6::bigint[],
       $7::timestamptz[], $8::text[], $9::json[], $10::json[])`,
    [
      rows.map(({ data }) => data.order_id),
      rows.map(({ data }) => data.user_id),
      rows.map(({ history }) => history.at(-1)?.status),
      rows.map(({ revision }) => revision),
      rows.map(({ data }) => data.currency),
      rows.map(({ data }) => data.total),
      rows.map(({ data }) => data.placed_at),
      rows.map(({ position }) => position),
      rows.map(({ history }) => JSON.stringify(history)),
      rows.map(({ data }) => JSON.stringify(data.items)),
    ],
  );
}

async function updateFollowed(page: UserOrdersPage, db: ProjectionDb): Promise<void> {
  const rows = [...page.orders].filter(([, order]) => !order.placed);
  if (rows.length === 0) return;
  await db.query(
    'user-orders-update',
    `update {schema}.orders o set status = x.status, revision = x.revision, history = x.history
     from unnest($1::uuid[], $2::text[], $3::integer[], $4::json[]) as x (order_id, status, revision, history)
     where o.order_id = x.order_id`,
    [
      rows.map(([orderId]) => orderId),
      rows.map(([, { history }]) => history.at(-1)?.status),
      rows.map(([, { revision }]) => revision),
      rows.map(([, { history }]) => JSON.stringify(history)),
    ],
  );
}
