import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { CategoryAnswer } from '../../src/category/answer.js';
import { userStream } from '../../src/user/stream.js';
import { outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';

void t.test(
  'the total that a changed category is answered with waits for the position that is asked for',
  async (t) => {
    const shop = await runningApp(t);
    const { http } = shop;
    const category = await shop.addCategory();
    await http.get('/v1/categories');
    await shop.stopProjectors();
    await shop.addProduct([category.cat_id]);
    const path = `/v1/categories/${category.cat_id}`;
    const headers = { 'min-log-position': http.position ?? '', prefer: 'wait=0' };
    t.equal(outcome(await http.send('PATCH', path, { json: { name: 'Late' }, headers })), '503 read-model-behind');
    const lenient = { ...headers, prefer: 'wait=0, handling=lenient' };
    const older = (await http.ok('PATCH', path, { json: {}, headers: lenient })).data;
    t.match(older, { name: category.name, total_products: 0 }, 'the refused change was not recorded');
    shop.startProjectors();
    const waiting = { ...headers, prefer: 'wait=10' };
    const { data } = await http.ok('PATCH', path, { json: { name: 'In time' }, headers: waiting });
    t.equal((data as CategoryAnswer).total_products, 1);
  },
);

void t.test(
  'a category that the read models do not know yet is shown as it was at the position of the answer',
  async (t) => {
    const shop = await runningApp(t);
    const { http } = shop;
    await http.get('/v1/categories');
    const user = await shop.registerUser();
    await shop.stopProjectors();
    const { cat_id } = await shop.addCategory();
    const path = `/v1/categories/${cat_id}`;
    const { product_id } = await shop.addProduct([cat_id]);
    await shop.placeOrder(user.user_id, [product_id]);
    await http.ok('PATCH', path, { json: { name: 'Renamed' } });
    await shop.addCategory();
    // Without a position to wait for.
    http.position = null;
    const early = [];
    for (const asked of [
      ...[path, `${path}/order-counts`, `/v1/categories?root=${cat_id}`],
      ...[`/v1/orders?cat_id=${cat_id}`, `/v1/users/${user.user_id}/orders?cat_id=${cat_id}`],
      `/v1/stock?cat_id=${cat_id}`,
    ]) {
      const { data, headers } = await http.ok('GET', asked);
      early.push({ asked, data, position: headers.get('log-position') ?? '' });
    }
    t.match(early[0]?.data, { cat_id, total_products: 0 });
    t.match(early[2]?.data, [{ cat_id, total_products: 0, child_categories: [] }]);
    for (const list of [`/v1/products?cat_id=${cat_id}`, `/v1/products?cat_id=${cat_id}&q=a`]) {
      t.same((await http.ok('GET', list)).data, [], list);
      const file = await http.ok('GET', list, { headers: { accept: 'application/x-ndjson' } });
      t.equal(file.bytes.length, 0, `${list} as a file`);
    }
    t.equal(outcome(await http.get('/v1/products?cat_id=999')), '404 category-not-found');
    shop.startProjectors();
    for (const { asked, data, position } of early) {
      const then = await http.ok('GET', `${asked}${asked.includes('?') ? '&' : '?'}as_of=${position}`, {
        headers: { prefer: 'wait=30' },
      });
      t.same(then.data, data, asked);
    }
    await shop.addCategory();
    const headers = { 'min-log-position': http.position ?? '', prefer: 'wait=30' };
    t.match((await http.ok('GET', path, { headers })).data, { name: 'Renamed', total_products: 1 });
    t.match((await http.ok('GET', `${path}/order-counts`, { headers })).data, { placed: 1 });
  },
);

void t.test(
  'what the tree refuses about a removal is told without the products, which the rest waits for as asked',
  async (t) => {
    const shop = await runningApp(t);
    const { http } = shop;
    const { cat_id: top } = await shop.addCategory();
    const { cat_id: empty } = await shop.addCategory({ parent_cat_id: top });
    await http.get('/v1/products');
    await shop.stopProjectors();
    await shop.addCategory();
    const remove = async (catId: number, headers: Readonly<Record<string, string>> = {}): Promise<string> =>
      outcome(await http.send('DELETE', `/v1/categories/${catId}`, { headers: { prefer: 'wait=0', ...headers } }));
    t.equal(await remove(999), '404 category-not-found');
    t.equal(await remove(empty, { 'if-match': '"77"' }), '412 revision-mismatch');
    t.equal(await remove(top), '409 category-not-empty');
    t.equal(await remove(empty), '503 read-model-behind');
    // Longer than a removal waits if it does not say.
    const removed = remove(empty, { prefer: 'wait=30' });
    await sleep(2_500);
    shop.startProjectors();
    t.equal(await removed, '204');
  },
);

void t.test(
  'a command that releases an address answers the position of its last event, and so does its retry',
  async (t) => {
    const shop = await runningApp(t);
    const { http, runtime } = shop;
    const { user_id } = await shop.registerUser();
    const path = `/v1/users/${user_id}`;
    for (const [what, send] of [
      [
        'a change',
        () => http.ok('PATCH', path, { json: { email: 'new@shop.test' }, headers: { 'idempotency-key': '1' } }),
      ],
      ['an erasure', () => http.ok('POST', `${path}/erase`, { headers: { 'idempotency-key': '2' } })],
    ] as const) {
      const position = (await send()).headers.get('log-position');
      t.equal(position, runtime.tokens.encode(await runtime.store.head()), what);
      await shop.addCategory();
      await shop.database.pool.query('delete from orderlog.idempotency_keys');
      const again = await send();
      t.equal(again.headers.get('idempotency-replayed'), 'true');
      t.equal(again.headers.get('log-position'), position, `${what}, sent again when its stored response is gone`);
    }
    const nothing = await http.ok('POST', `${path}/erase`);
    const { position } = await runtime.handler.load(userStream, user_id);
    t.equal(
      nothing.headers.get('log-position'),
      runtime.tokens.encode(position),
      'one that records nothing: of its stream',
    );
  },
);
