import type { bulk, live } from '../../src/engine/index.js';
import { totalsOf, treeBulk, TreeChunk } from '../forest/bulk-forest.js';
import type { Step } from '../forest/tree.js';
import { ORDER_STATUSES, type OrderStatus } from '../../src/values.js';
import type { Page } from './page.js';

class Chunk extends TreeChunk {
  readonly places: {
    readonly productId: number;
    readonly revision: number;
    readonly added: boolean;
    readonly catIds: readonly number[];
  }[] = [];
  readonly placed = new Map<string, { readonly productIds: readonly number[]; status: OrderStatus }>();
  /** Of orders placed in earlier chunks. */
  readonly followed: { readonly orderId: string; readonly revision: number; readonly status: OrderStatus }[] = [];

  addProduct({ revision }: Step, productId: number, catIds: readonly number[]): void {
    this.places.push({ productId, revision, added: true, catIds });
  }

  moveProduct({ revision }: Step, productId: number, catIds: readonly number[]): void {
    this.places.push({ productId, revision, added: false, catIds });
  }

  addOrder(id: string, productIds: readonly number[]): void {
    this.placed.set(id, { productIds, status: 'placed' });
  }

  moveOrder({ revision }: Step, orderId: string, status: OrderStatus): void {
    const order = this.placed.get(orderId);
    if (order) order.status = status;
    else this.followed.push({ orderId, revision, status });
  }
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

export const countsInBulk: live.PagePart<Page, Chunk>['bulk'] = {
  staging: `
    ${treeBulk.staging}
    create unlogged table {staging}.places (product_id integer, revision integer, added boolean, cat_ids text);
    create unlogged table {staging}.followed (order_id uuid, revision integer, status text);`,
  begin: () => new Chunk(),
  rows,
  finish: [
    ...treeBulk.finish,
    `insert into {schema}.products (product_id, cat_ids)
     select distinct on (product_id) product_id, cat_ids::integer[] from {staging}.places
     order by product_id, revision desc`,
    'create index places_by_product on {schema}.products (product_id)',
    'analyze {schema}.products',
    `update {schema}.orders o set status = f.status
     from (select distinct on (order_id) order_id, status from {staging}.followed order by order_id, revision desc) f
     where f.order_id = o.order_id`,
    `insert into {schema}.totals (status, orders)
     select 'placed', count(*) filter (where status = 'placed') from {schema}.orders having count(*) > 0
     union all
     select status, count(*) from {schema}.orders where status <> 'placed' group by status`,
    totalsOf(ORDER_STATUSES, ORDERS_BY_PLACE),
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
    union all ${treeBulk.orphans}`,
  unstage: ["delete from {staging}.followed where 'order-' || order_id = any ($1::text[])"],
  sources: {
    ...treeBulk.sources,
    products: { stream: (key) => `product-${key}` },
    orders: { stream: (key) => `order-${key}` },
  },
};

function rows(chunk: Chunk): bulk.CopiedRows[] {
  const { places, placed, followed } = chunk;
  return [
    chunk.rows(),
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
