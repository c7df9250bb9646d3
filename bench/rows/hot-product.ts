/** Everybody buys the same product, which has stock. */
import { type Rated, ratesOf, timesFigure } from '../rates.js';
import type { Bench, Row } from '../row.js';
import { type Database, type Pool, post, type Shop } from '../shop.js';
import { median } from '../statistics.js';

/** Never runs out while the rate is measured. */
const PLENTY = 900_000_000;
const CONNECTIONS = 64;

export const hotProduct: Row = {
  name: 'hot-product',
  what: 'one product with stock: orders per second, p99 at a fixed rate, and nothing oversold',
  peer: 'CRUD: UPDATE … SET available = available - $1 WHERE available >= $1 in the transaction',
  run: async (bench) => {
    const shop = await bench.shop();
    const { hot, scarce } = shop;
    await stock(shop, hot, PLENTY);
    const { rates, costs } = await buying(bench, shop, { ...shop.pool, products: [hot] });
    const pool = { ...shop.pool, products: [hot] };
    const timing = { what: 'orders of one product with stock', pool, lines: 1, connections: CONNECTIONS, rates };
    const times = await timesFigure(bench, shop, shop.peer, timing);
    const sold = await sellOut(bench, shop, scarce);
    return [{ ...rates, detail: `${rates.detail}; ${sold}` }, ...costs, times];
  },
};

async function buying(bench: Bench, shop: Shop, pool: Pool): Promise<Rated> {
  const load = { kind: 'place', lines: 1, quantity: 1, connections: CONNECTIONS } as const;
  for (const target of [shop.ours, shop.peer]) await shop.load(target, { ...load, seconds: bench.quick ? 1 : 4 }, pool);
  const what = `orders of one product with stock, ${CONNECTIONS} connections`;
  const p99: Record<Database, number[]> = { orderlog: [], crud: [] };
  const rated = await ratesOf(bench, what, { ratioAtLeast: 2 }, shop, async (target, seconds) => {
    await shop.settled();
    const result = await shop.load(target, { ...load, seconds }, pool);
    p99[target === shop.ours ? 'orderlog' : 'crud'].push(result.p99);
    return result;
  });
  // Each client waits for its answer before it asks again, so this is what they see, and not what more of them would.
  const detail = `${rated.rates.detail}; p99 of these clients ${median(p99.orderlog)} ms, peer ${median(p99.crud)}`;
  return { ...rated, rates: { ...rated.rates, detail } };
}

/** More want it than there are. @throws Error if one is sold that was not there, or one that was is not */
async function sellOut(bench: Bench, shop: Shop, product: number): Promise<string> {
  const there = bench.quick ? 50 : 1_000;
  await stock(shop, product, there);
  const load = { kind: 'place', lines: 1, quantity: 1, connections: CONNECTIONS } as const;
  const pool = { ...shop.pool, products: [product] };
  const before = await sales(shop, product);
  for (const target of [shop.ours, shop.peer]) {
    await shop.load(target, { ...load, requests: 2 * there, mayConflict: true }, pool);
  }
  const after = await sales(shop, product);
  for (const side of ['orderlog', 'crud'] as const) {
    const sold = after[side] - before[side];
    if (sold !== there) throw new Error(`${side} sold ${sold} pieces of ${there}`);
  }
  return `of ${there} pieces, either side sold ${there} to ${2 * there} buyers`;
}

/** What the orders that are placed say, not what the stock says. */
async function sales(shop: Shop, product: number): Promise<Record<Database, number>> {
  const [ours] = await shop.query<{ n: number }>(
    'orderlog',
    `SELECT coalesce(sum((item->>'quantity')::int), 0)::int AS n
     FROM orderlog.events, json_array_elements(data::json->'items') item
     WHERE type = 'OrderPlaced' AND (item->>'product_id')::int = $1`,
    [product],
  );
  const [peer] = await shop.query<{ n: number }>(
    'crud',
    'SELECT coalesce(sum(quantity), 0)::int AS n FROM order_lines WHERE product_id = $1',
    [product],
  );
  return { orderlog: ours?.n ?? 0, crud: peer?.n ?? 0 };
}

async function stock(shop: Shop, product: number, on_hand: number): Promise<void> {
  await post(`${shop.ours.url}/v1/products/${product}/stock/count`, { on_hand });
  await post(`${shop.peer.url}/stock`, { product_id: product, available: on_hand });
}
