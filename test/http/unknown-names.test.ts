/** Filters that name what is not there. */
import t from 'tap';
import { outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';

const NOBODY = '00000000-0000-7000-8000-000000000000';

void t.test('a list of orders by a user or a product that does not exist is a 404, in each form', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  http.patience = 30;
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const { user_id } = await shop.registerUser();
  const erased = (await shop.registerUser()).user_id;
  await http.ok('POST', `/v1/users/${erased}/erase`);
  for (const accept of ['application/json', 'text/csv', 'application/x-ndjson']) {
    for (const [query, wanted] of [
      [`user_id=${NOBODY}`, '404 user-not-found'],
      ['product_id=999', '404 product-not-found'],
      [`user_id=${user_id}&product_id=999&status=paid`, '404 product-not-found'],
      [`user_id=${user_id}&product_id=${product_id}`, '200'],
      [`user_id=${erased}`, '200'],
    ] as const) {
      t.equal(outcome(await http.get(`/v1/orders?${query}`, { accept })), wanted, `${query} as ${accept}`);
    }
  }
  const own = `/v1/users/${user_id}/orders`;
  t.equal(outcome(await http.get(`${own}?product_id=999`)), '404 product-not-found');
  t.equal(outcome(await http.get(`${own}?user_id=${NOBODY}`)), '200', 'it tells nothing of others');

  const before = http.position ?? '';
  await shop.stopProjectors();
  const late = (await shop.registerUser()).user_id;
  const added = await shop.addProduct([cat_id]);
  // Without a position to wait for.
  http.position = null;
  t.equal(outcome(await http.get(`/v1/orders?user_id=${late}`)), '200', 'the read model does not know the user yet');
  t.equal(outcome(await http.get(`/v1/orders?product_id=${added.product_id}`)), '200', 'nor the product');
  shop.startProjectors();
  const then = `/v1/orders?user_id=${late}&as_of=${before}`;
  t.equal(outcome(await http.get(then, { prefer: 'wait=30' })), '404 user-not-found', 'then there was no such user');
});
