import t from 'tap';
import { createClient } from '../../clients/typescript/src/index.js';
import { runningApp } from '../support/running-app.js';
import { failure, json, refused, standIn } from './stand-in.js';

t.test('iterating over a list gives each item once, whatever is added meanwhile', async (t) => {
  const shop = await runningApp(t);
  const session = createClient({ baseUrl: shop.http.url }).session();
  const { data: category } = await session.addCategory({ name: 'All' });
  const { product_id } = await shop.addProduct([category.cat_id]);
  const { user_id } = await shop.registerUser();
  const place = async (): Promise<string> =>
    (await session.placeOrder({ user_id, items: [{ product_id, quantity: 1 }] })).data.order_id;
  const before: string[] = [];
  for (let count = 0; count < 25; count += 1) before.push(await place());
  const seen: string[] = [];
  for await (const { order_id } of session.listUserOrders({ user_id, limit: 10 })) {
    seen.push(order_id);
    if (seen.length % 5 === 0) await place();
  }
  t.same(seen, before.toReversed(), 'newest first, all that were there at the start');
  const pages: number[] = [];
  for await (const { data, logPosition } of session.listOrders({ status: 'placed', limit: 10 }).pages()) {
    pages.push(data.length);
    t.ok(logPosition);
  }
  t.same(pages, [10, 10, 10], '30 by now, the filter kept');
  t.same((await session.listOrders({ limit: 3 })).data.length, 3, 'a list that is awaited is its first page');
});

t.test('a program that follows changes gets each order that is new or changed, from where it was', async (t) => {
  const shop = await runningApp(t);
  const session = createClient({ baseUrl: shop.http.url }).session();
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const { user_id } = await shop.registerUser();
  const place = async (): Promise<string> =>
    (await session.placeOrder({ user_id, items: [{ product_id, quantity: 1 }] })).data.order_id;
  let since: string | null = null;
  const changes = async (): Promise<string[]> => {
    const seen: string[] = [];
    const query = { sort: 'updated_at', limit: 2, ...(since !== null && { updated_since: since }) } as const;
    for await (const { data, logPosition } of session.listOrders(query).pages()) {
      seen.push(...data.map(({ order_id, status }) => `${order_id} ${status}`));
      since = logPosition;
    }
    return seen;
  };
  const [first, second, third] = [await place(), await place(), await place()];
  t.same(await changes(), [`${first} placed`, `${second} placed`, `${third} placed`]);
  t.same(await changes(), []);
  await session.markOrderPaid({ order_id: first });
  const fourth = await place();
  await session.cancelOrder({ order_id: second });
  t.same(await changes(), [`${first} paid`, `${fourth} placed`, `${second} cancelled`]);
});

t.test('pages are fetched as they are needed, with the cursor that the server gave', async (t) => {
  const first = json(200, { data: [1, 2], next: '/v1/users?limit=2&cursor=a%2Bb' });
  const { client, received } = await standIn(t, [first, json(200, { data: [3], next: null })]);
  const seen: unknown[] = [];
  for await (const user of client.listUsers({ limit: 2 })) {
    seen.push(user);
    if (seen.length === 2) t.equal(received.length, 1);
  }
  t.same(seen, [1, 2, 3]);
  t.equal(new URLSearchParams(received[1]?.url.split('?')[1]).get('cursor'), 'a+b');
  for await (const _ of client.listUsers()) break;
  t.equal(received.length, 3, 'a loop that ends early fetches no further page');
});

t.test('a page that fails ends the loop with its error', async (t) => {
  const first = json(200, { data: [1], next: '/v1/users?cursor=a' });
  const { client } = await standIn(t, [first, refused('invalid-cursor')]);
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const user of client.listUsers()) seen.push(user);
  })();
  t.match(await failure(loop), { code: 'invalid-cursor' });
  t.same(seen, [1]);
});
