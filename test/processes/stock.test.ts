import t from 'tap';
import { testDatabase } from '../support/database.js';
import { Client, outcome } from '../support/http-client.js';
import { serving, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { Shop } from '../support/running-app.js';

t.test(
  'four processes sell the last 10 to 200 buyers: 10 get them, and 190 are told that there are none',
  async (t) => {
    const database = await testDatabase(t);
    const settings = settingsFor(database, temporaryFolder(t));
    const first = await serving(t, settings);
    const others = [];
    for (let i = 0; i < 3; i++) others.push(await serving(t, settings, '--api-only'));
    const shop = new Shop(new Client(first.url));
    const { user_id } = await shop.registerUser();
    const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
    await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 10 } });
    const { position } = shop.http;
    const clients = [first, ...others].map(({ url }) => new Client(url));
    const buy = async (i: number): Promise<string> => {
      const sent = {
        json: { user_id, items: [{ product_id, quantity: 1 }] },
        headers: { 'min-log-position': position ?? '', prefer: 'wait=30' },
      };
      return outcome(await (clients[i % 4] as Client).send('POST', '/v1/orders', sent));
    };
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, i) => buy(i)));
    const sold = outcomes.filter((one) => one === '201').length;
    t.equal(sold, 10);
    t.same([...new Set(outcomes)].toSorted(), ['201', '409 out-of-stock']);
    let reserved = 0;
    const { rows } = await database.pool.query<{ type: string }>(
      `select type from orderlog.events where stream = $1 order by revision`,
      [`stock-${product_id}`],
    );
    for (const { type } of rows) reserved += type === 'StockReserved' ? 1 : type === 'StockReleased' ? -1 : 0;
    t.equal(reserved, 10);
  },
);
