/** The whole category tree with its totals, in full and as 304. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { categoryEvents } from '../../src/category/events.js';
import { migrations } from '../../migrations/index.js';
import { PostgresEventStore } from '../../src/engine/log/postgres/store.js';
import { migrate } from '../../src/engine/postgres/migrate.js';
import { createPool } from '../../src/engine/postgres/pool.js';
import { productEvents } from '../../src/product/events.js';
import { remove, startServer } from '../ending.js';
import { peerOf, run, type Running, serve } from '../processes.js';
import { interleaved, type Bench, type Figure, type Row } from '../row.js';
import { event } from '../synthetic-log.js';

const CATEGORIES = 10_595;
const PRODUCTS = 20_000;
/** Children of a category. */
const WIDTH = 6;
const PAGE = 500;
const AT = '2026-01-01T00:00:00.000Z';

const TABLES = `
  CREATE SCHEMA plain;
  CREATE TABLE plain.categories AS SELECT (data->>'cat_id')::int AS cat_id, (data->>'parent_cat_id')::int AS parent,
    data->>'name' AS name FROM orderlog.events WHERE type = 'CategoryAdded';
  ALTER TABLE plain.categories ADD PRIMARY KEY (cat_id);
  CREATE TABLE plain.product_categories AS SELECT (data->>'product_id')::int AS product_id, cat.value::text::int AS cat_id
    FROM orderlog.events, json_array_elements(data->'cat_ids') cat WHERE type = 'ProductAdded';
  CREATE UNIQUE INDEX ON plain.product_categories (cat_id, product_id);
  ANALYZE plain.categories; ANALYZE plain.product_categories;
`;

export const tree: Row = {
  name: 'tree',
  what: `the full tree of ${CATEGORIES.toLocaleString('en-US')} categories, 200 and 304, 16 connections`,
  peer: 'a recursive query with counts for each request',
  run: async (bench) => {
    const dir = join(bench.folder, 'tree');
    mkdirSync(dir);
    const server = await startServer(dir);
    const pool = createPool(server.config, { max: 4, applicationName: 'orderlog-bench' });
    try {
      await migrate(server.config, migrations);
      const store = new PostgresEventStore(pool, server.config);
      await fill(store, bench.quick);
      await store.close();
      await pool.query(TABLES);
      const ours = await serve({ ORDERLOG_DATA_DIR: dir, SEED: 'none' });
      const peer = await peerOf('tree', server.config);
      await compare(ours, peer);
      const figures = [await measured(bench, ours, peer, 200), await measured(bench, ours, peer, 304)];
      await Promise.all([ours.stop(), peer.stop()]);
      return figures;
    } finally {
      await pool.end();
      await server.stop();
      remove(dir);
    }
  },
};

/** Of categories and products. */
function sizes(quick: boolean): readonly [number, number] {
  return quick ? [500, 500] : [CATEGORIES, PRODUCTS];
}

async function fill(store: PostgresEventStore, quick: boolean): Promise<void> {
  const [categories, products] = sizes(quick);
  const ids = Array.from({ length: categories }, (_, i) => i + 1);
  for (let from = 0; from < categories; from += PAGE) {
    const added = ids.slice(from, from + PAGE).map((cat_id) => {
      const parent_cat_id = cat_id <= WIDTH ? null : Math.floor((cat_id - 1) / WIDTH);
      return event(categoryEvents.CategoryAdded, {
        cat_id,
        code: null,
        name: `Category ${cat_id}`,
        parent_cat_id,
        added_at: AT,
      });
    });
    await store.append('categoryTree-main', added, 'any');
  }
  const add = async (product_id: number): Promise<unknown> => {
    const cat_ids = [...new Set([1 + (product_id % categories), 1 + ((product_id * 7) % categories)])];
    const fixed = {
      sku: `SKU-${product_id}`,
      name: `Product ${product_id}`,
      price: 100,
      currency: 'EUR',
      added_at: AT,
    };
    return store.append(
      `product-${product_id}`,
      [event(productEvents.ProductAdded, { product_id, cat_ids, ...fixed })],
      'none',
    );
  };
  for (let from = 1; from <= products; from += PAGE) {
    await Promise.all(Array.from({ length: Math.min(PAGE, products - from + 1) }, (_, i) => add(from + i)));
  }
}

/** @throws Error unless both say the same */
async function compare(ours: Running, peer: Running): Promise<void> {
  const [one, other] = await Promise.all(
    [ours, peer].map(async ({ url }) =>
      JSON.stringify(((await (await fetch(`${url}/v1/categories`)).json()) as { data: unknown }).data, null),
    ),
  );
  if (one !== other) throw new Error('the two trees differ');
}

async function measured(bench: Bench, ours: Running, peer: Running, status: 200 | 304): Promise<Figure> {
  const one = async ({ url }: Running): Promise<number> => {
    // An ETag names an encoding too, and the load generator asks for none.
    const plain = { 'accept-encoding': 'identity' };
    const etag = (await fetch(`${url}/v1/categories`, { headers: plain })).headers.get('etag') ?? '';
    const headers: Record<string, string> = status === 304 ? { ...plain, 'if-none-match': etag } : plain;
    const seconds = bench.quick ? 1 : 4;
    const answer = await run({ url, kind: 'get', path: '/v1/categories', headers, status, connections: 16, seconds });
    if (answer.failed > 0) throw new Error(`${answer.failed} requests were not answered with ${status}`);
    return answer.perSecond;
  };
  const found = await interleaved(
    bench.rounds,
    () => one(ours),
    () => one(peer),
  );
  return {
    what: `full tree of ${sizes(bench.quick)[0].toLocaleString('en-US')} categories, ${status}`,
    unit: '1/s',
    ...found,
    mark: { ratioAtLeast: 50 },
  };
}
