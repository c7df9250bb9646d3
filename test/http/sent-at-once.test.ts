import t from 'tap';
import type { ProductAnswer } from '../../src/product/answer.js';
import { runningApp } from '../support/running-app.js';

void t.test('a product that is added many times at once under one key is one product', async (t) => {
  const shop = await runningApp(t);
  const { cat_id } = await shop.addCategory();
  for (const round of [1, 2, 3]) {
    const json = { sku: `ROUND-${round}`, name: 'Kettle', price: 900, currency: 'USD', cat_ids: [cat_id] };
    const headers = { 'idempotency-key': `round-${round}` };
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => shop.http.send('POST', '/v1/products', { json, headers })),
    );
    const ids = new Set(answers.map(({ data }) => (data as ProductAnswer | undefined)?.product_id));
    t.same(new Set(answers.map(({ status }) => status)), new Set([201]));
    t.equal(ids.size, 1, 'all are told the same product');
    t.equal(((await shop.http.get(`/v1/products?sku=ROUND-${round}`)).data as unknown[]).length, 1);
  }
});
