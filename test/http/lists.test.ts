import t from 'tap';
import { outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';

void t.test('a cursor belongs to its list as it was asked for, to the last character', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const { cat_id } = await shop.addCategory();
  const user = await shop.registerUser();
  await shop.registerUser();
  const product = await shop.addProduct([cat_id]);
  await shop.addProduct([cat_id]);
  for (let n = 0; n < 3; n++) await shop.placeOrder(user.user_id, [product.product_id]);

  const lists = {
    users: '/v1/users',
    orders: '/v1/orders',
    'orders in a status': '/v1/orders?status=placed',
    'orders of a user': `/v1/users/${user.user_id}/orders`,
    products: '/v1/products',
    'products of a category': `/v1/products?cat_id=${cat_id}`,
  };
  const cursors: Record<string, string> = {};
  for (const [name, list] of Object.entries(lists)) {
    const { body } = await http.ok('GET', `${list}${list.includes('?') ? '&' : '?'}limit=1`);
    const { next } = body as { next: string };
    t.equal(outcome(await http.get(next)), '200', name);
    cursors[name] = new URL(next, http.url).searchParams.get('cursor') ?? '';
  }
  const others = {
    ...lists,
    'users by e-mail': `/v1/users?email=${user.email}`,
    events: `/v1/users/${user.user_id}/events`,
  };
  for (const [name, list] of Object.entries(others)) {
    for (const [other, cursor] of Object.entries(cursors)) {
      if (other === name) continue;
      const answer = await http.get(`${list}${list.includes('?') ? '&' : '?'}cursor=${cursor}`);
      t.equal(outcome(answer), '400 invalid-cursor', `${other} for ${name}`);
    }
  }

  const cursor = cursors['orders'] ?? '';
  const last = cursor.endsWith('A') ? 'B' : 'A';
  const broken = [
    `${cursor}x`,
    `${cursor}=`,
    `${cursor}%21`,
    `%20${cursor}`,
    cursor.slice(1),
    `${cursor.slice(0, -1)}${last}`,
  ];
  for (const one of broken) t.equal(outcome(await http.get(`/v1/orders?cursor=${one}`)), '400 invalid-cursor', one);
});
