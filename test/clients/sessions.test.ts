import t from 'tap';
import { createClient } from '../../clients/typescript/src/index.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';
import { failure } from './stand-in.js';

t.test('a session reads its own writes, where a read without it would be too early', async (t) => {
  const shop = await runningApp(t);
  const session = createClient({ baseUrl: shop.http.url }).session();
  for (let number = 1; number <= 20; number += 1) {
    const { data } = await session.addCategory({ name: `Category ${number}` });
    const { data: tree } = await session.getCategoryTree();
    t.ok(
      tree.some(({ cat_id }) => cat_id === data.cat_id),
      `${number} is in the tree at once`,
    );
  }
  await shop.stopProjectors();
  const { data } = await session.addCategory({ name: 'Not projected' });
  const early = await createClient({ baseUrl: shop.http.url }).getCategoryTree();
  t.notOk(early.data.some(({ cat_id }) => cat_id === data.cat_id));
  const impatient = createClient({ baseUrl: shop.http.url, retryForMs: 0 }).session(session.position);
  const options = { headers: { prefer: 'wait=0' } };
  t.match(await failure(impatient.getCategoryTree({}, options)), { code: 'read-model-behind' });
  const reading = session.getCategoryTree({}, options);
  shop.startProjectors();
  t.ok(
    (await reading).data.some(({ cat_id }) => cat_id === data.cat_id),
    'and a retry sees it in the end',
  );
});

t.test('with a revision, a command runs on what was read only', async (t) => {
  const shop = await runningApp(t);
  const session = createClient({ baseUrl: shop.http.url }).session();
  const { data: category } = await session.addCategory({ name: 'Shoes' });
  const { cat_id, revision: ifMatch } = category;
  await session.changeCategory({ cat_id, name: 'Boots' }, { ifMatch });
  const error = await failure(session.changeCategory({ cat_id, name: 'Hats' }, { ifMatch }));
  t.match(error, { code: 'revision-mismatch', status: 412 });
});

t.test(
  'commands sent at once leave the position of the latest one, in whatever order their answers come',
  async (t) => {
    const shop = await runningApp(t);
    const late: (() => void)[] = [];
    let isFirst = true;
    // The first command is carried out first, and its answer comes last.
    const holdingFirst = async (request: Request): Promise<Response> => {
      const mine = isFirst && request.method === 'POST';
      if (mine) isFirst = false;
      const response = await fetch(request);
      if (mine) await new Promise<void>((resolve) => late.push(resolve));
      return response;
    };
    const session = createClient({ baseUrl: shop.http.url, fetch: holdingFirst }).session();
    const first = session.addCategory({ name: 'First' });
    await until(() => late.length === 1);
    const second = await session.addCategory({ name: 'Second' });
    late[0]?.();
    t.ok((await first).logPosition);
    t.equal(session.position, second.logPosition);
    const { cat_id } = second.data;
    const lamp = { sku: 'LAMP', name: 'Lamp', price: 100, currency: 'EUR', cat_ids: [cat_id] };
    const { data: product } = await session.addProduct(lamp);
    await session.addCategory({ name: 'Third' });
    const before = session.position;
    const { logPosition } = await session.changeProduct({ product_id: product.product_id, name: 'Lamp' });
    t.not(logPosition, before, 'it had nothing to do: its position is older');
    t.equal(session.position, before);
  },
);
