/** Idempotency keys of several callers: what one was answered is shown to no other. */
import t from 'tap';
import { Client, outcome } from '../support/http-client.js';
import { runningApp } from '../support/running-app.js';
import { required } from './guarded.js';

const headers = { 'idempotency-key': 'k-1' };

t.test('a key of one caller is another key for another caller', async (t) => {
  const shop = await runningApp(t, { access: required });
  const { product_id } = await shop.addProduct([(await shop.addCategory()).cat_id]);
  const [ada, bob] = [await shop.registerUser(), await shop.registerUser()];
  const keys = shop.runtime.apiKeys;
  const caller = async (role: 'customer' | 'clerk', userId: string | null): Promise<Client> => {
    const client = new Client(shop.http.url, (await keys.create(role, userId)).key);
    client.position = shop.http.position;
    return client;
  };
  const [asAda, asAdaAgain, asBob] = [
    await caller('customer', ada.user_id),
    await caller('customer', ada.user_id),
    await caller('customer', bob.user_id),
  ];
  const place = async (client: Client, user_id: string) =>
    client.send('POST', '/v1/orders', { json: { user_id, items: [{ product_id, quantity: 1 }] }, headers });
  const first = await place(asAda, ada.user_id);
  t.equal(outcome(first), '201');
  const order = first.data as { order_id: string };

  const foreign = await place(asBob, bob.user_id);
  t.equal(outcome(foreign), '201');
  t.not((foreign.data as { order_id: string }).order_id, order.order_id);
  t.equal(foreign.headers.get('idempotency-replayed'), null);

  const again = await place(asAdaAgain, ada.user_id);
  t.same(again.data, first.data, 'another API key of the same user is the same caller');
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.equal(outcome(await place(asBob, ada.user_id)), '422 unknown-user', 'and what was stored for Ada is not shown');

  const cancel = `/v1/orders/${order.order_id}/cancel`;
  t.equal(outcome(await asBob.send('POST', cancel, { headers })), '404 order-not-found');
  t.equal(outcome(await asAda.send('POST', `/v1/orders/${order.order_id}/mark-paid`, { headers })), '403 forbidden');
  const clerk = await caller('clerk', null);
  t.equal(outcome(await clerk.send('POST', `/v1/orders/${order.order_id}/mark-paid`, { headers })), '200');
});
