/** The table `order_products`: which orders hold a product. A list by product is one range of its index. */
import type { live } from '../../src/engine/index.js';
import type { ordersTable } from './orders-table.js';

type Page = live.LivePage<{ readonly orders: typeof ordersTable }>;

export const orderProducts: live.Derived<Page> = {
  tables: ['order_products'],
  ddl: `
    create table {schema}.order_products (
      product_id integer not null,
      placed_at timestamptz(3) not null,
      position text collate "C" not null,
      order_id uuid not null
    );
  `,
  indexes: 'alter table {schema}.order_products add primary key (product_id, placed_at, position, order_id);',
  async flush({ orders }, db, write): Promise<void> {
    await write();
    const rows = [...orders.inserted].flatMap(([order_id, { placed_at, position, items }]) =>
      [...new Set((items as readonly { product_id: number }[]).map(({ product_id }) => product_id))].map(
        (product_id) => ({ product_id, placed_at, position, order_id }),
      ),
    );
    if (rows.length === 0) return;
    await db.query(
      'order-products-insert',
      `insert into {schema}.order_products (product_id, placed_at, position, order_id)
       select * from unnest($1::integer[], $2::timestamptz[], $3::text[], $4::uuid[])`,
      [
        rows.map(({ product_id }) => product_id),
        rows.map(({ placed_at }) => placed_at),
        rows.map(({ position }) => position),
        rows.map(({ order_id }) => order_id),
      ],
    );
  },
  finish: [
    `insert into {schema}.order_products (product_id, placed_at, position, order_id)
     select i.product_id, o.placed_at, o.position, o.order_id
     from {schema}.orders o
     cross join lateral (select distinct i.product_id from json_to_recordset(o.items) i (product_id integer)) i`,
  ],
  sources: { order_products: { stream: (key) => `order-${key.split(',').at(-1)?.trim()}` } },
};
