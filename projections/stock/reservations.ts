/**
 * The table `reservations`: what orders hold at present, one row an order and product. A row goes with the event that releases or
 * issues the stock. Whether the order has been placed is not told here: the read model of orders knows.
 */
import type { bulk, live } from '../../src/engine/index.js';
import { productOf } from './levels.js';

type At = Pick<live.ProjectedEvent, 'stream' | 'position' | 'recordedAt'>;

interface Change {
  readonly orderId: string;
  readonly productId: number;
  readonly position: At['position'];
  readonly reservedAt: string;
  /** Null: the reservation is over. */
  readonly quantity: number | null;
}

/** The last word of the events on each reservation. No row is read for it. */
export class Reservations {
  readonly changes = new Map<string, Change>();

  reserve(event: At, orderId: string, quantity: number): void {
    this.#set(event, orderId, quantity);
  }

  end(event: At, orderId: string): void {
    this.#set(event, orderId, null);
  }

  #set(event: At, orderId: string, quantity: number | null): void {
    const { position, recordedAt: reservedAt } = event;
    const productId = productOf(event);
    this.changes.set(`${orderId} ${productId}`, { orderId, productId, position, reservedAt, quantity });
  }
}

export const reservations: live.PagePart<Reservations> = {
  tables: ['reservations'],
  ddl: `
    create table {schema}.reservations (
      order_id uuid not null,
      product_id integer not null,
      quantity integer not null,
      reserved_at timestamptz(3) not null,
      position text collate "C" not null
    );
  `,
  indexes: `
    alter table {schema}.reservations add primary key (order_id, product_id);
    create index reservations_by_position on {schema}.reservations (position);
  `,
  open: () => new Reservations(),
  flush: write,
  bulk: {
    staging: `
      create unlogged table {staging}.reservations (order_id uuid, product_id integer, position text collate "C",
        reserved_at timestamptz, quantity integer);`,
    begin: () => new Reservations(),
    rows: ({ changes }): bulk.CopiedRows[] => [
      {
        table: '{staging}.reservations',
        columns: ['order_id', 'product_id', 'position', 'reserved_at', 'quantity'],
        rows: [...changes.values()].map(({ orderId, productId, position, reservedAt, quantity }) => {
          return [orderId, productId, position, reservedAt, quantity];
        }),
      },
    ],
    finish: [
      `insert into {schema}.reservations (order_id, product_id, quantity, reserved_at, position)
       select order_id, product_id, quantity, reserved_at, position
       from (
         select distinct on (order_id, product_id) * from {staging}.reservations
         order by order_id, product_id, position desc
       ) last where quantity is not null`,
    ],
    // What is not tracked can't be reserved: the levels tell.
    orphans: 'select null::text as stream, null::integer as revision, null::text as message where false',
    sources: {
      reservations: {
        stream: (key) => `stock-${key.split(/, ?/)[1]}`,
        isAbout: ({ order_id }, key) => order_id === key.split(',')[0],
      },
    },
  },
};

async function write({ changes }: Reservations, db: live.ProjectionDb): Promise<void> {
  const made = [...changes.values()].filter(({ quantity }) => quantity !== null);
  const over = [...changes.values()].filter(({ quantity }) => quantity === null);
  const writes: Promise<unknown>[] = [];
  if (over.length > 0) {
    const text = `delete from {schema}.reservations r using unnest($1::uuid[], $2::integer[]) as c (order_id, product_id)
      where r.order_id = c.order_id and r.product_id = c.product_id`;
    writes.push(db.query('reservations-end', text, keysOf(over)));
  }
  if (made.length > 0) {
    const text = `insert into {schema}.reservations (order_id, product_id, quantity, reserved_at, position)
      select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::timestamptz[], $5::text[])
      on conflict (order_id, product_id) do update
      set quantity = excluded.quantity, reserved_at = excluded.reserved_at, position = excluded.position`;
    const values = [
      ...keysOf(made),
      made.map(({ quantity }) => quantity),
      made.map(({ reservedAt }) => reservedAt),
      made.map(({ position }) => position),
    ];
    writes.push(db.query('reservations-make', text, values));
  }
  await Promise.all(writes);
}

function keysOf(changes: readonly Change[]): unknown[] {
  return [changes.map(({ orderId }) => orderId), changes.map(({ productId }) => productId)];
}
