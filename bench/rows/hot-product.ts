/** Everybody buys the same product, which has stock. */
import type { OpenLoad } from '../open-load.js';
import type { Running } from '../processes.js';
import { openLoad } from '../processes.js';
import { type Bench, type Figure, interleaved, type Row } from '../row.js';
import { type Database, type Pool, post, type Shop } from '../shop.js';
import { median } from '../statistics.js';

/** Never runs out while the rate is measured. */
const PLENTY = 900_000_000;
const CONNECTIONS = 64;
/** Of the rate that the slower side has reached: both can carry it. */
const SHARE = 0.8;

export const hotProduct: Row = {
  name: 'hot-product',
  what: 'one product with stock: orders per second, p99 at a fixed rate, and nothing oversold',
  peer: 'CRUD: UPDATE … SET available = available - $1 WHERE available >= $1 in the transaction',
  run: async (bench) => {
    const shop = await bench.shop();
    const { hot, scarce } = shop;
    await stock(shop, hot, PLENTY);
    const rates = await buying(bench, shop, { ...shop.pool, products: [hot] });
    const times = await timing(bench, shop, { ...shop.pool, products: [hot] }, rates);
    const sold = await sellOut(bench, shop, scarce);
    return [rates, { ...times, detail: `${times.detail}; ${sold}` }];
  },
};

async function buying(bench: Bench, shop: Shop, pool: Pool): Promise<Figure> {
  const load = { kind: 'place', lines: 1, quantity: 1, connections: CONNECTIONS } as const;
  for (const target of [shop.ours, shop.peer]) await shop.load(target, { ...load, seconds: bench.quick ? 1 : 4 }, pool);
  const one = async (target: Running): Promise<number> => {
    await shop.settled();
    return (await shop.load(target, { ...load, seconds: bench.quick ? 1 : 6 }, pool)).perSecond;
  };
  const found = await interleaved(
    bench.rounds,
    () => one(shop.ours),
    () => one(shop.peer),
  );
  const what = `orders of one product with stock, ${CONNECTIONS} connections`;
  return { what, unit: '1/s', ...found, mark: { ratioAtLeast: 2 } };
}

/** At the same rate on either side, sent whether or not the one before has come back. */
async function timing(
  bench: Bench,
  shop: Shop,
  pool: Pool,
  rates: Figure,
): Promise<Figure & { readonly detail: string }> {
  const rate = Math.floor(SHARE * Math.min(median(rates.ours), median(rates.peer ?? rates.ours)));
  const load: Omit<OpenLoad, 'url'> = {
    ...{ rate, seconds: bench.quick ? 1 : 6, connections: CONNECTIONS },
    requests: pool.users.map((user_id) => {
      const items = pool.products.map((product_id) => ({ product_id, quantity: 1 }));
      return { method: 'POST', path: '/v1/orders', body: JSON.stringify({ user_id, items }) };
    }),
  };
  const one = async (target: Running): Promise<{ p50: number; p99: number }> => {
    await shop.settled();
    return openLoad({ ...load, url: target.url });
  };
  const found = await interleaved(
    bench.rounds,
    () => one(shop.ours),
    () => one(shop.peer),
  );
  const p50 = (rounds: readonly { p50: number }[]): string => median(rounds.map((round) => round.p50)).toFixed(1);
  return {
    what: `p99 of orders of one product with stock, ${rate} a second`,
    unit: 'ms',
    ours: found.ours.map(({ p99 }) => p99),
    peer: found.peer.map(({ p99 }) => p99),
    mark: { ratioAtMost: 1 },
    detail: `p50 ${p50(found.ours)} ms; peer p50 ${p50(found.peer)} ms`,
  };
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
