import type { Test } from 'tap';
import { Client, outcome } from '../http-client.js';
import { Shop } from '../running-app.js';

/**
 * The last 10 of a product, wanted by 200 buyers at once.
 * @param urls of processes on one log, all of which sell
 * @returns the stream of the product's stock
 */
export async function sellTheLast(t: Test, urls: readonly string[]): Promise<string> {
  const shop = new Shop(new Client(urls[0] ?? ''));
  const { user_id } = await shop.registerUser({ email: 'buyer@shop.test' });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id], { sku: 'LAST' });
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 10 } });
  const { position } = shop.http;
  const clients = urls.map((url) => new Client(url));
  const buy = async (i: number): Promise<string> => {
    const sent = {
      json: { user_id, items: [{ product_id, quantity: 1 }] },
      headers: { 'min-log-position': position ?? '', prefer: 'wait=30' },
    };
    return outcome(await (clients[i % urls.length] as Client).send('POST', '/v1/orders', sent));
  };
  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, i) => buy(i)));
  const refused = outcomes.filter((one) => one === '409 out-of-stock').length;
  t.same([...new Set(outcomes)].toSorted(), ['201', '409 out-of-stock']);
  t.equal(refused, 190);
  t.match((await shop.http.get(`/v1/products/${product_id}`)).data, { available: 0 });
  return `stock-${product_id}`;
}

/** How many are reserved after these events. */
export function reservedAfter(types: readonly string[]): number {
  const count = (wanted: string): number => types.filter((type) => type === wanted).length;
  return count('StockReserved') - count('StockReleased');
}
