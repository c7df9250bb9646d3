import t from 'tap';
import { audit } from '../../src/commands/audit.js';
import { proofForm, runningApp } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

void t.test("the history of a user shows what is personal, and not the document's key", async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  const user = await shop.registerUser({ name: 'Ada', email: 'ada@shop.test' });
  await http.ok('PUT', `/v1/users/${user.user_id}/id-proof`, { form: proofForm(tinyPdf(1)) });
  const fields = ['document_id', 'bytes', 'uploaded_at', 'sha256'];

  const events = (await http.ok('GET', `/v1/users/${user.user_id}/events`)).data as { data: { id_proof: object } }[];
  t.match(events, [
    { type: 'UserRegistered', data: { name: 'Ada', email: 'ada@shop.test', id_proof: user.id_proof } },
    { type: 'IdProofReplaced' },
  ]);
  for (const { data } of events) t.same(Object.keys(data.id_proof), fields);

  for await (const { data } of audit(shop.runtime.handler, 'user', user.user_id))
    t.same(Object.keys(data['id_proof'] as object), fields);
  const proof = await http.ok('GET', `/v1/users/${user.user_id}/id-proof`);
  t.ok(proof.bytes.equals(tinyPdf(1)), 'and the document opens all the same');
});

void t.test('the events of a product and of the tree are listed, oldest first, page by page', async (t) => {
  const shop = await runningApp(t);
  const { http } = shop;
  http.patience = 30;
  t.match((await http.ok('GET', '/v1/categories/events')).body, { data: [], next: null }, 'a tree without events');
  const { cat_id } = await shop.addCategory({ name: 'Shoes' });
  await http.ok('PATCH', `/v1/categories/${cat_id}`, { json: { name: 'Boots' } });
  const { product_id } = await shop.addProduct([cat_id], { name: 'Boot' });
  await http.ok('PATCH', `/v1/products/${product_id}`, { json: { price: 7 } });
  const first = (await http.ok('GET', '/v1/categories/events?limit=1')).body as { data: object[]; next: string };
  const rest = (await http.ok('GET', first.next)).body as { data: object[]; next: null };
  t.match(
    [...first.data, ...rest.data],
    [
      { type: 'CategoryAdded', revision: 0, data: { cat_id, name: 'Shoes' } },
      { type: 'CategoryRenamed', revision: 1, data: { cat_id, name: 'Boots' } },
    ],
  );
  t.equal(rest.next, null);
  t.match((await http.ok('GET', `/v1/products/${product_id}/events`)).data, [
    { type: 'ProductAdded', data: { product_id, name: 'Boot' } },
    { type: 'ProductPriced', data: { price: 7 } },
  ]);
  t.equal((await http.get('/v1/products/999/events')).status, 404);
  t.equal((await http.get('/v1/products/none/events')).status, 400);
});
