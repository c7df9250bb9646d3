import t from 'tap';
import pMap from 'p-map';
import { createClient } from '../../clients/typescript/src/index.js';
import { testDatabase } from '../support/database.js';
import { serving, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { tinyPdf } from '../support/tiny-pdf.js';
import { cuttingProxy } from './cutting-proxy.js';

const ORDERS = 60;

t.test('calls outlive a server that is killed and started again, and each order is placed once', async (t) => {
  const database = await testDatabase(t);
  const settings = settingsFor(database, temporaryFolder(t));
  const first = await serving(t, settings);
  const uncut = (): number => 0;
  const proxy = await cuttingProxy(t, Number(new URL(first.url).port), uncut);
  const orderlog = createClient({ baseUrl: proxy.url, retryForMs: 90_000 }).session();
  const { cat_id } = (await orderlog.addCategory({ name: 'Shoes' })).data;
  const product = { sku: 'BOOT-1', name: 'Boot', price: 9_900, currency: 'EUR', cat_ids: [cat_id] };
  const { product_id } = (await orderlog.addProduct(product)).data;
  const id_proof = new Blob([new Uint8Array(tinyPdf())]);
  const { user_id } = (await orderlog.registerUser({ name: 'Ada', email: 'ada@shop.test', id_proof })).data;

  let answered = 0;
  let restarted: Promise<void> | null = null;
  const restart = async (): Promise<void> => {
    await first.stop('SIGKILL');
    proxy.leadTo(Number(new URL((await serving(t, settings)).url).port));
  };
  const place = async (quantity: number): Promise<string> => {
    const { data } = await orderlog.placeOrder({ user_id, items: [{ product_id, quantity }] });
    answered += 1;
    if (answered === ORDERS / 3) restarted = restart();
    return data.order_id;
  };
  const quantities = Array.from({ length: ORDERS }, (_, index) => index + 1);
  const placed = await pMap(quantities, place, { concurrency: 6 });
  await (restarted ?? Promise.reject(new Error('the server was not killed')));
  t.equal(new Set(placed).size, ORDERS);
  const listed = new Map<string, number | undefined>();
  for await (const { order_id, items } of orderlog.listUserOrders({ user_id, limit: 100 })) {
    listed.set(order_id, items[0]?.quantity);
  }
  t.equal(listed.size, ORDERS, 'none is there twice, and none that nobody has placed');
  t.same(
    placed.map((order_id) => listed.get(order_id)),
    quantities,
  );
});
