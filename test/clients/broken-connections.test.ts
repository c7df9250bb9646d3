import t from 'tap';
import pMap from 'p-map';
import { createClient } from '../../clients/typescript/src/index.js';
import { runningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';
import { cuttingProxy, numbers } from './cutting-proxy.js';

const ORDERS = 100;

t.test('over a connection that breaks, each of 100 orders is placed exactly once', async (t) => {
  const shop = await runningApp(t);
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const proxy = await cuttingProxy(t, Number(new URL(shop.http.url).port), numbers(4));
  const client = createClient({ baseUrl: proxy.url, retryForMs: 60_000 });
  const id_proof = new Blob([new Uint8Array(tinyPdf())]);
  const { data: user } = await client.registerUser({ name: 'Ada', email: 'ada@shop.test', id_proof });

  const quantities = Array.from({ length: ORDERS }, (_, index) => index + 1);
  const placed = await pMap(
    quantities,
    async (quantity) => (await client.placeOrder({ user_id: user.user_id, items: [{ product_id, quantity }] })).data,
    { concurrency: 10 },
  );
  t.same(
    placed.map(({ items }) => items[0]?.quantity),
    quantities,
    'each call got the answer to its own order',
  );
  t.equal(new Set(placed.map(({ order_id }) => order_id)).size, ORDERS);

  const direct = createClient({ baseUrl: shop.http.url });
  const last = await direct.getOrder({ order_id: placed.at(-1)?.order_id ?? '' });
  t.equal(last.data.status, 'placed');
  const { rows } = await shop.database.pool.query<{ orders: number; users: number }>(
    `select count(*) filter (where type = 'OrderPlaced')::int as orders,
            count(*) filter (where type = 'UserRegistered')::int as users from orderlog.events`,
  );
  t.same(rows, [{ orders: ORDERS, users: 1 }], 'and the log has each once');
  for (const [way, cuts] of Object.entries(proxy.cuts)) t.ok(cuts >= 5, `${cuts} were cut ${way}`);
});
