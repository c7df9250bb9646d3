/**
 * The peer: a plain order service on Fastify and pg. Order, lines and history are rows, written in one transaction.
 * Same validation, same answer, same durability, prepared statements, a tuned pool; no log, no read models.
 *
 * Run as a process of its own: argv[2] is the pg configuration as JSON; prints `listening <port>`.
 */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { type ZodTypeProvider, validatorCompiler } from 'fastify-type-provider-zod';
import pg from 'pg';
import { z } from 'zod';

const SCHEMA = `
  CREATE TABLE users (user_id uuid PRIMARY KEY, status text NOT NULL, has_id_proof boolean NOT NULL);
  CREATE TABLE products (product_id int PRIMARY KEY, sku text NOT NULL, name text NOT NULL, price bigint NOT NULL,
    currency text NOT NULL, status text NOT NULL);
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

interface ProductRow {
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  readonly price: string;
  readonly currency: string;
}

interface Transition {
  readonly status: string;
  readonly note: string | null;
  readonly column: 'reason' | 'reference';
}

const POOL_SIZE = 16;

async function main(): Promise<void> {
  const pool = new pg.Pool({ ...(JSON.parse(process.argv[2] ?? '{}') as pg.PoolConfig), max: POOL_SIZE });
  await pool.query(SCHEMA);
  const app = Fastify({ logger: false }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);

  app.post('/seed', async (request) => {
    const { users, products } = request.body as { users: string[]; products: ProductRow[] };
    await pool.query(`INSERT INTO users SELECT id, 'active', true FROM unnest($1::uuid[]) id`, [users]);
    await pool.query(
      `INSERT INTO products SELECT product_id, sku, name, price, currency, 'active'
       FROM json_to_recordset($1) AS p(product_id int, sku text, name text, price bigint, currency text)`,
      [JSON.stringify(products)],
    );
    return {};
  });

  const item = z.strictObject({
    product_id: z.int().min(1).max(2_147_483_647),
    quantity: z.int().min(1).max(1_000_000),
  });
  const body = z.strictObject({ user_id: z.uuid(), items: z.array(item).min(1).max(2_000) });
  app.post('/v1/orders', { schema: { body } }, async (request, reply) => {
    const order = await placeOrder(pool, request.body);
    return reply.status(201).header('Location', `/v1/orders/${order.order_id}`).send({ data: order });
  });

  const params = z.strictObject({ order_id: z.uuid() });
  app.post('/v1/orders/:order_id/mark-paid', { schema: { params } }, async (request, reply) => {
    const { reference = null } = (request.body ?? {}) as { reference?: string };
    const change = { status: 'paid', note: reference, column: 'reference' } as const;
    return reply.send({ data: await transition(pool, request.params.order_id, change) });
  });
  app.post('/v1/orders/:order_id/cancel', { schema: { params } }, async (request, reply) => {
    const { reason = null } = (request.body ?? {}) as { reason?: string };
    const change = { status: 'cancelled', note: reason, column: 'reason' } as const;
    return reply.send({ data: await transition(pool, request.params.order_id, change) });
  });

  await app.listen({ host: '127.0.0.1', port: 0 });
  console.log(`listening ${new URL(app.listeningOrigin).port}`);
  process.on('SIGTERM', () => void app.close().then(() => pool.end()));
}

async function placeOrder(
  pool: pg.Pool,
  request: { user_id: string; items: { product_id: number; quantity: number }[] },
): Promise<{ order_id: string } & Record<string, unknown>> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const user = await client.query({
      name: 'user',
      text: `SELECT 1 FROM users WHERE user_id = $1 AND status = 'active' AND has_id_proof`,
      values: [request.user_id],
    });
    if (user.rowCount === 0) throw new Error('unknown user');
    const found = await client.query<ProductRow>({
      name: 'products',
      text: `SELECT product_id, sku, name, price, currency FROM products
             WHERE product_id = ANY($1) AND status = 'active'`,
      values: [request.items.map((line) => line.product_id)],
    });
    const products = new Map(found.rows.map((row) => [row.product_id, row]));
    const items = request.items.map((line, i) => {
      const product = products.get(line.product_id);
      if (!product) throw new Error('unknown product');
      const unit_price = Number(product.price);
      const { sku, name } = product;
      return { line: i + 1, ...line, sku, name, unit_price, line_total: unit_price * line.quantity };
    });
    const order_id = randomUUID();
    const placed_at = new Date().toISOString();
    const total = items.reduce((sum, line) => sum + line.line_total, 0);
    const currency = found.rows[0]?.currency ?? '';
    await client.query({
      name: 'order',
      text: `INSERT INTO orders VALUES ($1, $2, 'placed', $3, $4, $5)`,
      values: [order_id, request.user_id, currency, total, placed_at],
    });
    await client.query({
      name: 'lines',
      text: `INSERT INTO order_lines SELECT $1, * FROM
             unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::int[], $7::bigint[])`,
      values: [
        order_id,
        items.map((line) => line.line),
        items.map((line) => line.product_id),
        items.map((line) => line.sku),
        items.map((line) => line.name),
        items.map((line) => line.quantity),
        items.map((line) => line.unit_price),
      ],
    });
    await client.query({
      name: 'history',
      text: `INSERT INTO order_history VALUES ($1, 0, 'placed', $2, NULL, NULL)`,
      values: [order_id, placed_at],
    });
    await client.query('COMMIT');
    return {
      order_id,
      user_id: request.user_id,
      status: 'placed',
      currency,
      total,
      items,
      history: [{ status: 'placed', at: placed_at, by: null }],
      placed_at,
      allowed_actions: ['cancel', 'mark-paid'],
      revision: 0,
    };
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
    return { ...rows[0], status, items: items.rows, history: history.rows, allowed_actions: [], revision: 1 };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

await main();
