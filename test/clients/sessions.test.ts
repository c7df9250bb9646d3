import t from 'tap';
import { createClient } from '../../clients/typescript/src/index.js';
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
