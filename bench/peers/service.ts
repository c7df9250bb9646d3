/** What the peers share: a Fastify app with our validation, the tables of users and products, and how these are filled. */
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify';
import { type ZodTypeProvider, validatorCompiler } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type pg from 'pg';
import { z } from 'zod';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** A session for each of 16 clients. */
export const POOL_SIZE = 16;

const SCHEMA = `
  CREATE TABLE users (user_id uuid PRIMARY KEY, status text NOT NULL, has_id_proof boolean NOT NULL);
  CREATE TABLE products (product_id int PRIMARY KEY, sku text NOT NULL, name text NOT NULL, price bigint NOT NULL,
    currency text NOT NULL, status text NOT NULL, available int);
`;

export interface ProductRow {
  readonly product_id: number;
  readonly sku: string;
  readonly name: string;
  readonly price: string;
  readonly currency: string;
  /** Null without stock. */
  readonly available: number | null;
}

const item = z.strictObject({
  product_id: z.int().min(1).max(2_147_483_647),
  quantity: z.int().min(1).max(1_000_000),
});
export const orderBody = z.strictObject({ user_id: z.uuid(), items: z.array(item).min(1).max(2_000) });
export const orderParams = z.strictObject({ order_id: z.uuid() });

export async function serviceOf(pool: pg.Pool): Promise<App> {
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
  return app;
}

/** Tells where it listens, and ends at SIGTERM. */
export async function listen(app: App, close: () => Promise<unknown>): Promise<void> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  console.log(`listening ${new URL(app.listeningOrigin).port}`);
  process.on('SIGTERM', () => void app.close().then(close));
}

export interface PlacedLine {
  readonly line: number;
  readonly product_id: number;
  readonly quantity: number;
  readonly sku: string;
  readonly name: string;
  readonly unit_price: number;
  readonly line_total: number;
}

/** The answer to a placed order. It is the same for each way to store it. */
export interface PlacedOrder {
  readonly order_id: string;
  readonly user_id: string;
  readonly status: 'placed';
  readonly currency: string;
  readonly total: number;
  readonly items: readonly PlacedLine[];
  readonly history: readonly object[];
  readonly placed_at: string;
  readonly allowed_actions: readonly string[];
  readonly revision: 0;
}

export type NewOrder = z.infer<typeof orderBody>;

/** Whether the user may order, and what the products cost now. */
export async function factsOf(
  client: pg.Pool | pg.PoolClient,
  request: NewOrder,
): Promise<ReadonlyMap<number, ProductRow>> {
  const user = await client.query({
    name: 'user',
    text: `SELECT 1 FROM users WHERE user_id = $1 AND status = 'active' AND has_id_proof`,
    values: [request.user_id],
  });
  if (user.rowCount === 0) throw new Error('unknown user');
  const found = await client.query<ProductRow>({
    name: 'products',
    text: `SELECT product_id, sku, name, price, currency, available FROM products
           WHERE product_id = ANY($1) AND status = 'active'`,
    values: [request.items.map((line) => line.product_id)],
  });
  return new Map(found.rows.map((row) => [row.product_id, row]));
}

export function orderOf({ user_id, items: wanted }: NewOrder, products: ReadonlyMap<number, ProductRow>): PlacedOrder {
  const items = wanted.map((line, i) => {
    const product = products.get(line.product_id);
    if (!product) throw new Error('unknown product');
    const unit_price = Number(product.price);
    const { sku, name } = product;
    return { line: i + 1, ...line, sku, name, unit_price, line_total: unit_price * line.quantity };
  });
  const placed_at = new Date().toISOString();
  return {
    order_id: randomUUID(),
    user_id,
    status: 'placed',
    currency: products.values().next().value?.currency ?? '',
    total: items.reduce((sum, line) => sum + line.line_total, 0),
    items,
    history: [{ status: 'placed', at: placed_at, by: null }],
    placed_at,
    allowed_actions: ['cancel', 'mark-paid'],
    revision: 0,
  };
}

/** The lines of an order as columns, for one INSERT. */
export function columnsOf({ order_id, items }: PlacedOrder): unknown[] {
  return [
    order_id,
    items.map((line) => line.line),
    items.map((line) => line.product_id),
    items.map((line) => line.sku),
    items.map((line) => line.name),
    items.map((line) => line.quantity),
    items.map((line) => line.unit_price),
  ];
}

export const INSERT_LINES = `INSERT INTO order_lines SELECT $1, * FROM
  unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::int[], $7::bigint[])`;
