/** The table `order_products`: which orders hold a product. A list by product is one range of its index. */
import type { bulk, live } from '../../src/engine/index.js';

type At = Pick<live.ProjectedEvent, 'position'>;

interface Holding {
  readonly order_id: string;
  readonly placed_at: string;
  readonly items: readonly { readonly product_id: number }[];
}

interface Held extends Omit<Holding, 'items'> {
  readonly position: string;
  readonly productIds: readonly number[];
}

/** What the orders hold that were placed. Nothing of it changes later. */
export class OrderProducts {
  readonly #held: Held[] = [];

  hold({ position }: At, { order_id, placed_at, items }: Holding): void {
    this.#held.push({ order_id, placed_at, position, productIds: [...new Set(items.map((item) => item.product_id))] });
  }

  /** Made when they are written: a large order has thousands. */
  *rows(): Generator<[productId: number, placedAt: string, position: string, orderId: string]> {
    for (const { order_id, placed_at, position, productIds } of this.#held)
      for (const id of productIds) yield [id, placed_at, position, order_id];
  }
}

export const orderProducts: live.PagePart<OrderProducts> = {
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
  open: () => new OrderProducts(),
  async flush(products, db): Promise<void> {
    const rows = [...products.rows()];
    if (rows.length === 0) return;
    db.write(
      'order-products-insert',
      `insert into {schema}.order_products (product_id, placed_at, position, order_id)
       select * from unnest($1::integer[], $2::timestamptz[], $3::text[], $4::uuid[])`,
      [rows.map(([id]) => id), rows.map(([, at]) => at), rows.map(([, , at]) => at), rows.map(([, , , id]) => id)],
    );
  },
  bulk: {
    staging: '',
    begin: () => new OrderProducts(),
    rows: (products): bulk.CopiedRows[] => [
      {
        table: '{schema}.order_products',
        columns: ['product_id', 'placed_at', 'position', 'order_id'],
        rows: products.rows(),
      },
    ],
    finish: [],
    // No row here needs an earlier one. An event of an order that was never placed is found among the orders.
    orphans: 'select null::text as stream, null::integer as revision, null::text as message where false',
    unstage: ["delete from {schema}.order_products where 'order-' || order_id = any ($1::text[])"],
    sources: { order_products: { stream: (key) => `order-${key.split(',').at(-1)?.trim()}` } },
  },
};
