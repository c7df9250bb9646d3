/**
 * The peer: a plain order service on Fastify and pg. Order, lines and history are rows, written in one transaction.
 * Same validation, same answer, same durability, prepared statements, a tuned pool; no log, no read models.
 *
 * Run as a process of its own: argv[2] is the pg configuration as JSON; prints `listening <port>`.
 */
import pg from 'pg';
import {
  columnsOf,
  factsOf,
  INSERT_LINES,
  listen,
  type NewOrder,
  orderBody,
  orderOf,
  orderParams,
  type PlacedOrder,
  POOL_SIZE,
  serviceOf,
} from './service.js';

const SCHEMA = `
  CREATE TABLE orders (order_id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES users, status text NOT NULL,
    currency text NOT NULL, total bigint NOT NULL, placed_at timestamptz NOT NULL);
  CREATE INDEX ON orders (user_id, placed_at DESC);
  CREATE INDEX ON orders (status, placed_at DESC);
  CREATE TABLE order_lines (order_id uuid NOT NULL REFERENCES orders, line int NOT NULL,
    product_id int NOT NULL REFERENCES products, sku text NOT NULL, name text NOT NULL, quantity int NOT NULL,
    unit_price bigint NOT NULL, PRIMARY KEY (order_id, line));
  CREATE INDEX ON order_lines (product_id);
  CREATE TABLE order_history (order_id uuid NOT NULL REFERENCES orders, revision int NOT NULL, status text NOT NULL,
    at timestamptz NOT NULL, reason text, reference text, PRIMARY KEY (order_id, revision));
`;

interface Transition {
  readonly status: string;
  readonly note: string | null;
  readonly column: 'reason' | 'reference';
}

async function main(): Promise<void> {
  const pool = new pg.Pool({ ...(JSON.parse(process.argv[2] ?? '{}') as pg.PoolConfig), max: POOL_SIZE });
  const app = await serviceOf(pool);
  await pool.query(SCHEMA);

  app.post('/stock', async (request) => {
    const { product_id, available } = request.body as { product_id: number; available: number };
    await pool.query('UPDATE products SET available = $2 WHERE product_id = $1', [product_id, available]);
    return {};
  });

  app.post('/v1/orders', { schema: { body: orderBody } }, async (request, reply) => {
    const order = await placeOrder(pool, request.body);
    if (order === null) return reply.status(409).send({ code: 'out-of-stock' });
    return reply.status(201).header('Location', `/v1/orders/${order.order_id}`).send({ data: order });
  });

  const schema = { params: orderParams };
  app.post('/v1/orders/:order_id/mark-paid', { schema }, async (request, reply) => {
    const { reference = null } = (request.body ?? {}) as { reference?: string };
    const change = { status: 'paid', note: reference, column: 'reference' } as const;
    return reply.send({ data: await transition(pool, request.params.order_id, change) });
  });
  app.post('/v1/orders/:order_id/cancel', { schema }, async (request, reply) => {
    const { reason = null } = (request.body ?? {}) as { reason?: string };
    const change = { status: 'cancelled', note: reason, column: 'reason' } as const;
    return reply.send({ data: await transition(pool, request.params.order_id, change) });
  });

  await listen(app, () => pool.end());
}

/** @returns null if a product is short */
async function placeOrder(pool: pg.Pool, request: NewOrder): Promise<PlacedOrder | null> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const products = await factsOf(client, request);
    const order = orderOf(request, products);
    const { order_id, user_id, currency, total, placed_at, items } = order;
    await client.query({
      name: 'order',
      text: `INSERT INTO orders VALUES ($1, $2, 'placed', $3, $4, $5)`,
      values: [order_id, user_id, currency, total, placed_at],
    });
    await client.query({ name: 'lines', text: INSERT_LINES, values: columnsOf(order) });
    await client.query({
      name: 'history',
      text: `INSERT INTO order_history VALUES ($1, 0, 'placed', $2, NULL, NULL)`,
      values: [order_id, placed_at],
    });
    // Last, so that the row of a hot product is locked for as short as can be; in one order, so that no two wait for each other.
    const tracked = items.filter(({ product_id }) => products.get(product_id)?.available !== null);
    for (const { product_id, quantity } of tracked.sort((a, b) => a.product_id - b.product_id)) {
      const taken = await client.query({
        name: 'take',
        text: 'UPDATE products SET available = available - $2 WHERE product_id = $1 AND available >= $2',
        values: [product_id, quantity],
      });
      if (taken.rowCount === 1) continue;
      await client.query('ROLLBACK');
      return null;
    }
    await client.query('COMMIT');
    return order;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** Locks the row, updates it and adds to its history. */
async function transition(pool: pg.Pool, orderId: string, { status, note, column }: Transition): Promise<object> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ status: string }>({
      name: 'lock',
      text: 'SELECT * FROM orders WHERE order_id = $1 FOR UPDATE',
      values: [orderId],
    });
    if (rows[0]?.status !== 'placed') throw new Error('not placed');
    await client.query({
      name: 'status',
      text: 'UPDATE orders SET status = $2 WHERE order_id = $1',
      values: [orderId, status],
    });
    await client.query({
      name: `history-${column}`,
      text: `INSERT INTO order_history (order_id, revision, status, at, ${column}) VALUES ($1, 1, $2, now(), $3)`,
      values: [orderId, status, note],
    });
    const items = await client.query({
      name: 'items',
      text: 'SELECT * FROM order_lines WHERE order_id = $1 ORDER BY line',
      values: [orderId],
    });
    const history = await client.query({
      name: 'entries',
      text: 'SELECT status, at, reason, reference FROM order_history WHERE order_id = $1 ORDER BY revision',
      values: [orderId],
    });
    await client.query('COMMIT');
    // Its own names first: a literal that adds names to a spread is slow on Node 20.
    return { items: items.rows, history: history.rows, allowed_actions: [], revision: 1, ...rows[0], status };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

await main();
