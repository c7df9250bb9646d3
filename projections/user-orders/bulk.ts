import type { StoredFact } from '../../src/engine/core/event-type.js';
import type { BulkPath, CopiedRows } from '../../src/engine/builds/bulk.js';
import { on } from '../../src/engine/projecting/projection.js';
import { orderEvents } from '../../src/order/events.js';
import type { StoredHistoryEntry } from './projection.js';

interface Placed {
  readonly data: StoredFact<typeof orderEvents.OrderPlaced>['data'];
  readonly position: string;
  revision: number;
  readonly history: StoredHistoryEntry[];
}

interface Chunk {
  readonly placed: Map<string, Placed>;
  /** Of orders placed in earlier chunks. */
  readonly followed: { readonly orderId: string; readonly revision: number; readonly entry: StoredHistoryEntry }[];
}

export const userOrdersBulk: BulkPath<Chunk> = {
  staging: 'create unlogged table {staging}.followed (order_id uuid, revision integer, status text, entry text);',
  begin: () => ({ placed: new Map(), followed: [] }),
  handlers: {
    OrderPlaced: on(orderEvents.OrderPlaced, ({ placed }, { data, position, revision, metadata }) => {
      const history: StoredHistoryEntry[] = [{ status: 'placed', at: data.placed_at, by: metadata.actor }];
      placed.set(data.order_id, { data, position, revision, history });
    }),
    OrderPaid: on(orderEvents.OrderPaid, (chunk, { data, revision, metadata }) => {
      const { paid_at: at, reference } = data;
      const entry = { status: 'paid', at, by: metadata.actor, ...(reference === null ? {} : { reference }) } as const;
      follow(chunk, data.order_id, revision, entry);
    }),
    OrderCancelled: on(orderEvents.OrderCancelled, (chunk, { data, revision, metadata }) => {
      const { cancelled_at: at, reason } = data;
      const entry = { status: 'cancelled', at, by: metadata.actor, ...(reason === null ? {} : { reason }) } as const;
      follow(chunk, data.order_id, revision, entry);
    }),
  },
  rows,
  // Entries are joined as text: that is what writing the whole history anew gives.
  finish: [
    `update {schema}.orders o set status = f.status, revision = f.revision,
       history = (left(o.history::text, -1) || f.entries || ']')::json
     from (
       select order_id, max(revision) as revision, (array_agg(status order by revision desc))[1] as status,
         string_agg(',' || entry, '' order by revision) as entries
       from {staging}.followed group by order_id
     ) f
     where f.order_id = o.order_id`,
  ],
  orphans: `
    select 'order-' || f.order_id as stream, f.revision, 'order ' || f.order_id || ' has not been placed' as message
    from {staging}.followed f
    where not exists (select from {schema}.orders o where o.order_id = f.order_id)`,
  unstage: ["delete from {staging}.followed where 'order-' || order_id = any ($1::text[])"],
  // All in one pass, for to parse is what it costs; the last condition picks the few orders that are looked at value by value.
  // More entries than the revision says are wrong; fewer there are where an event was skipped.
  recounts: [
    `select 'orders' as "table", o.order_id::text as key, c."column", c.found, c.recounted
     from {schema}.orders o
     cross join lateral (
       select coalesce(sum(i.quantity * i.unit_price), 0) as total
       from json_to_recordset(o.items) i (quantity bigint, unit_price bigint)
     ) lines
     cross join lateral (select o.history->-1->>'status' as status, json_array_length(o.history) - 1 as revision) last
     cross join lateral (values
       ('total', o.total::text, lines.total::text, o.total = lines.total),
       ('status', o.status, last.status, o.status is not distinct from last.status),
       ('revision', o.revision::text, last.revision::text, o.revision >= last.revision)
     ) c ("column", found, recounted, holds)
     where not c.holds and
       (o.total <> lines.total or o.status is distinct from last.status or o.revision < last.revision)`,
  ],
  sources: { orders: { stream: (key) => `order-${key}` } },
};

function follow({ placed, followed }: Chunk, orderId: string, revision: number, entry: StoredHistoryEntry): void {
  const order = placed.get(orderId);
  if (!order) {
    followed.push({ orderId, revision, entry });
    return;
  }
  order.history.push(entry);
  order.revision = revision;
}

function rows({ placed, followed }: Chunk): CopiedRows[] {
  return [
    {
      table: '{schema}.orders',
      columns: [
        ...['order_id', 'user_id', 'status', 'revision', 'currency', 'total'],
        ...['placed_at', 'position', 'history', 'items'],
      ],
      rows: map(placed.values(), ({ data, position, revision, history }) => [
        ...[data.order_id, data.user_id, history.at(-1)?.status ?? 'placed', revision, data.currency, data.total],
        ...[data.placed_at, position, JSON.stringify(history), JSON.stringify(data.items)],
      ]),
    },
    {
      table: '{staging}.followed',
      columns: ['order_id', 'revision', 'status', 'entry'],
      rows: followed.map(({ orderId, revision, entry }) => [orderId, revision, entry.status, JSON.stringify(entry)]),
    },
  ];
}

function* map<T, U>(from: Iterable<T>, to: (one: T) => U): Generator<U> {
  for (const one of from) yield to(one);
}
