import { categoryEvents } from '../../src/category/events.js';
import type { BulkPath, CopiedRows } from '../../src/engine/builds/bulk.js';
import {
  FOREST_FINISH,
  FOREST_ORPHANS,
  FOREST_SOURCE,
  FOREST_STAGING,
  forestRows,
  totalsOf,
  type TreeEvent,
} from '../forest/bulk-forest.js';
import { on } from '../../src/engine/projecting/projection.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { type Status, STATUSES } from './page.js';
import { recountOrders } from './recount.js';

interface Chunk {
  readonly tree: TreeEvent[];
  readonly places: {
    readonly productId: number;
    readonly revision: number;
    readonly added: boolean;
    readonly catIds: readonly number[];
  }[];
  readonly placed: Map<string, { readonly productIds: readonly number[]; status: Status }>;
  /** Of orders placed in earlier chunks. */
  readonly followed: { readonly orderId: string; readonly revision: number; readonly status: Status }[];
}

/** Orders of the same products and status count alike. */
const ORDERS_BY_PLACE = `
  select alike.status as kind, alike.things, (
    select string_agg(array_to_string(p.cat_ids, ','), ',') from {schema}.products p
    where p.product_id = any (alike.product_ids) and p.cat_ids <> '{}'
  ) as places
  from (
    select product_ids, status, count(*)::integer as things from {schema}.orders group by product_ids, status
  ) alike`;

export const orderCountsBulk: BulkPath<Chunk> = {
  staging: `
    ${FOREST_STAGING}
    create unlogged table {staging}.places (product_id integer, revision integer, added boolean, cat_ids text);
    create unlogged table {staging}.followed (order_id uuid, revision integer, status text);`,
  begin: () => ({ tree: [], places: [], placed: new Map(), followed: [] }),
  handlers: {
    CategoryAdded: on(categoryEvents.CategoryAdded, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'add', parent: data.parent_cat_id });
    }),
    CategoryMoved: on(categoryEvents.CategoryMoved, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'move', parent: data.parent_cat_id });
    }),
    CategoryRemoved: on(categoryEvents.CategoryRemoved, ({ tree }, { data, revision: nth, position }) => {
      tree.push({ id: data.cat_id, nth, position, kind: 'remove' });
    }),
    ProductAdded: on(productEvents.ProductAdded, ({ places }, { data, revision }) => {
      places.push({ productId: data.product_id, revision, added: true, catIds: data.cat_ids });
    }),
    ProductCategorised: on(productEvents.ProductCategorised, ({ places }, { data, revision }) => {
      places.push({ productId: data.product_id, revision, added: false, catIds: data.cat_ids });
    }),
    OrderPlaced: on(orderEvents.OrderPlaced, ({ placed }, { data }) => {
      const productIds = [...new Set(data.items.map((item) => item.product_id))].sort((a, b) => a - b);
      placed.set(data.order_id, { productIds, status: 'placed' });
    }),
    OrderPaid: on(orderEvents.OrderPaid, (chunk, { data, revision }) => {
      follow(chunk, data.order_id, revision, 'paid');
    }),
    OrderCancelled: on(orderEvents.OrderCancelled, (chunk, { data, revision }) => {
      follow(chunk, data.order_id, revision, 'cancelled');
    }),
  },
  rows,
  finish: [
    ...FOREST_FINISH,
    `insert into {schema}.products (product_id, cat_ids)
     select distinct on (product_id) product_id, cat_ids::integer[] from {staging}.places
     order by product_id, revision desc`,
    'create index places_by_product on {schema}.products (product_id)',
    'analyze {schema}.products',
    `update {schema}.orders o set status = f.status
     from (select distinct on (order_id) order_id, status from {staging}.followed order by order_id, revision desc) f
     where f.order_id = o.order_id`,
    totalsOf(STATUSES, ORDERS_BY_PLACE),
    `insert into {schema}.categories (cat_id, parent_cat_id, placed, paid, cancelled)
     select f.id, f.parent, coalesce(n.placed, 0), coalesce(n.paid, 0), coalesce(n.cancelled, 0)
     from {staging}.forest f
     left join (
       select id, max(things) filter (where kind = 'placed') as placed, max(things) filter (where kind = 'paid') as paid,
         max(things) filter (where kind = 'cancelled') as cancelled
       from {staging}.totals group by id
     ) n on n.id = f.id`,
    'drop index {schema}.places_by_product',
  ],
  orphans: `
    select 'order-' || f.order_id as stream, f.revision, 'there is no order ' || f.order_id as message
    from {staging}.followed f
    where not exists (select from {schema}.orders o where o.order_id = f.order_id)
    union all
    select 'product-' || e.product_id, e.revision, 'there is no product ' || e.product_id
    from (select product_id, min(revision) as revision, min(revision) filter (where added) as added
          from {staging}.places group by product_id) e
    where e.added is null or e.revision < e.added
    union all ${FOREST_ORPHANS}`,
  unstage: ["delete from {staging}.followed where 'order-' || order_id = any ($1::text[])"],
  recounts: [recountOrders],
  sources: {
    categories: FOREST_SOURCE,
    products: { stream: (key) => `product-${key}` },
    orders: { stream: (key) => `order-${key}` },
  },
};

function follow({ placed, followed }: Chunk, orderId: string, revision: number, status: Status): void {
  const order = placed.get(orderId);
  if (order) order.status = status;
  else followed.push({ orderId, revision, status });
}

function rows({ tree, places, placed, followed }: Chunk): CopiedRows[] {
  return [
    forestRows(tree),
    {
      table: '{staging}.places',
      columns: ['product_id', 'revision', 'added', 'cat_ids'],
      rows: places.map(({ productId, revision, added, catIds }) => [productId, revision, added, catIds]),
    },
    {
      table: '{schema}.orders',
      columns: ['order_id', 'status', 'product_ids'],
      rows: [...placed].map(([id, { status, productIds }]) => [id, status, productIds]),
    },
    {
      table: '{staging}.followed',
      columns: ['order_id', 'revision', 'status'],
      rows: followed.map(({ orderId, revision, status }) => [orderId, revision, status]),
    },
  ];
}
