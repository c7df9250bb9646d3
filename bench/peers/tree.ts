/** The full category tree by a recursive query with counts for each request. Started like bench/peers/crud.ts, on a database that has `plain` tables. */
import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';
import { listen, POOL_SIZE } from './service.js';

interface Row {
  readonly cat_id: number;
  readonly parent: number | null;
  readonly name: string;
  readonly total_products: number;
}

interface Node {
  readonly cat_id: number;
  readonly name: string;
  readonly total_products: number;
  readonly child_categories: Node[];
}

const TREE = `WITH RECURSIVE up AS (
    SELECT pc.product_id, pc.cat_id FROM plain.product_categories pc
    UNION SELECT up.product_id, c.parent FROM up JOIN plain.categories c ON c.cat_id = up.cat_id WHERE c.parent IS NOT NULL),
  totals AS (SELECT cat_id, count(*)::int AS total FROM up GROUP BY cat_id)
  SELECT c.cat_id, c.parent, c.name, coalesce(t.total, 0) AS total_products
  FROM plain.categories c LEFT JOIN totals t USING (cat_id) ORDER BY c.cat_id`;

const pool = new pg.Pool({ ...(JSON.parse(process.argv[2] ?? '{}') as pg.PoolConfig), max: POOL_SIZE });
const app = Fastify({ logger: false });
app.get('/v1/categories', async (request, reply) => {
  const { rows } = await pool.query<Row>({ name: 'tree', text: TREE });
  const body = JSON.stringify({ data: treeOf(rows) });
  const etag = `"${createHash('sha1').update(body).digest('base64url')}"`;
  reply.header('etag', etag);
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type('application/json').send(body);
});
await listen(app, () => pool.end());

function treeOf(rows: readonly Row[]): Node[] {
  const nodes = new Map<number, Node>();
  for (const { cat_id, name, total_products } of rows) {
    nodes.set(cat_id, { cat_id, name, total_products, child_categories: [] });
  }
  const roots: Node[] = [];
  for (const { cat_id, parent } of rows) {
    const node = nodes.get(cat_id) as Node;
    (parent === null ? roots : (nodes.get(parent)?.child_categories ?? roots)).push(node);
  }
  return roots;
}
