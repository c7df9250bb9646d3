/** What it costs to read one's own write: the same read, waiting for the position of an order just placed, or not waiting. */
import { interleaved, type Row } from '../row.js';
import type { Shop } from '../shop.js';
import { median } from '../statistics.js';

export const ownWrite: Row = {
  name: 'own-write',
  what: 'the orders of a user right after one was placed, with Min-Log-Position',
  peer: 'the same read without it',
  run: async (bench) => {
    const shop = await bench.shop();
    const times = bench.quick ? 20 : 300;
    await shop.settled();
    const found = await interleaved(
      bench.rounds,
      () => reading(shop, times, true),
      () => reading(shop, times, false),
    );
    const what = 'read after a write, at rest: waiting for it, against not waiting';
    return [{ what, unit: 'ms', ...found, mark: { moreAtMost: 10 }, detail: `medians of ${times} reads a round` }];
  },
};

/** Each read follows an order of its own. @throws Error if one that waits misses it */
async function reading(shop: Shop, times: number, waits: boolean): Promise<number> {
  const { url } = shop.ours;
  const found: number[] = [];
  for (let n = 0; n < times; n++) {
    const user_id = shop.pool.users[n % shop.pool.users.length] as string;
    const body = JSON.stringify({ user_id, items: [{ product_id: shop.pool.products[0], quantity: 1 }] });
    const placed = await fetch(`${url}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { order_id } = ((await placed.json()) as { data: { order_id: string } }).data;
    const position = placed.headers.get('log-position') ?? '';
    const begun = performance.now();
    const answer = await fetch(`${url}/v1/users/${user_id}/orders?limit=1`, {
      headers: waits ? { 'min-log-position': position } : {},
    });
    const text = await answer.text();
    found.push(performance.now() - begun);
    if (!answer.ok) throw new Error(`the read was answered with ${answer.status}`);
    if (waits && !text.includes(order_id)) throw new Error('a read that waited did not see its own write');
  }
  return median(found);
}
