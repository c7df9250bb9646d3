import t from 'tap';
import type { CategoryAnswer } from '../../src/category/answer.js';
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
