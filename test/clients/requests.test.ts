import t from 'tap';
import { failure, json, page, refused, standIn } from './stand-in.js';

const list = json(200, { data: [], next: null });
const one = json(200, { data: { order_id: 'x' } }, { 'log-position': 'p-7', etag: '"3"' });

t.test('fields go to the path, the query or the body, each as the operation has it', async (t) => {
  const { client, received } = await standIn(t, [list, one, one, one]);
  await client.listUserOrders({ user_id: 'a/b', limit: 5 });
  await client.cancelOrder({ order_id: 'x', reason: 'late' });
  await client.cancelOrder({ order_id: 'x' });
  await client.changeProduct({ product_id: 7 });
  t.same(
    received.map(({ method, url, body }) => [method, url, body.toString()]),
    [
      ['GET', '/v1/users/a%2Fb/orders?limit=5', ''],
      ['POST', '/v1/orders/x/cancel', '{"reason":"late"}'],
      ['POST', '/v1/orders/x/cancel', ''],
      ['PATCH', '/v1/products/7', '{}'],
    ],
  );
  t.equal(received[2]?.headers['content-type'], undefined, 'no body, no type');
});

t.test('a field of the path that would lead to another path is refused before anything is sent', async (t) => {
  const { client, received } = await standIn(t, [list]);
  for (const user_id of ['..', '.', '']) {
    const error = await failure(client.listUserOrders({ user_id }));
    t.match(error, { name: 'TypeError', message: /^user_id is "\.{0,2}", which names nothing in a URL: give an id$/ });
  }
  t.same(received, []);
  await client.listUserOrders({ user_id: '...' });
  t.equal(received[0]?.url, '/v1/users/.../orders');
});

t.test('options become headers', async (t) => {
  const { client, received } = await standIn(t, [one]);
  await client.markOrderPaid(
    { order_id: 'x' },
    { idempotencyKey: 'k-1', ifMatch: 3, minLogPosition: 'p-1', headers: { prefer: 'wait=10' } },
  );
  t.match(received[0]?.headers, {
    'idempotency-key': 'k-1',
    'if-match': '"3"',
    'min-log-position': 'p-1',
    prefer: 'wait=10',
  });
  t.equal(received[0]?.headers.authorization, undefined);
});

t.test('an answer has the data, the position and the response', async (t) => {
  const { client } = await standIn(t, [one, json(200, { data: [1], next: null }), page('text/plain', 200)]);
  const { data, logPosition, response } = await client.getOrder({ order_id: 'x' });
  t.same(data, { order_id: 'x' });
  t.equal(logPosition, 'p-7');
  t.equal(response.headers.get('etag'), '"3"');
  t.match(await client.listOrders(), { data: [1], next: null, logPosition: null });
  t.equal((await client.getMetrics()).data, '<p>no answer of Orderlog</p>', 'text as it is');
});

t.test('a token is sent, and a function is asked for one at each attempt', async (t) => {
  const fixed = await standIn(t, [one], { token: 'key' });
  await fixed.client.getOrder({ order_id: 'x' });
  t.equal(fixed.received[0]?.headers.authorization, 'Bearer key');
  let asked = 0;
  const fresh = await standIn(t, [refused('overloaded'), one], { token: async () => `token-${++asked}` });
  await fresh.client.getOrder({ order_id: 'x' });
  t.same(
    fresh.received.map(({ headers }) => headers.authorization),
    ['Bearer token-1', 'Bearer token-2'],
  );
  const failing = new Error('no login');
  const broken = await standIn(t, [one], { token: () => Promise.reject(failing) });
  t.equal(await failure(broken.client.getOrder({ order_id: 'x' })), failing, 'its error is the error of the call');
  t.equal(broken.received.length, 0);
});

t.test('a session sends the position of its last command, and keeps it after a refusal', async (t) => {
  const command = (position: string): ReturnType<typeof json> => json(200, { data: {} }, { 'log-position': position });
  const read = json(200, { data: [], next: null }, { 'log-position': 'read' });
  const steps = [read, command('p-1'), read, refused('order-paid'), read, command('p-2'), read, read];
  const { client, received } = await standIn(t, steps);
  const session = client.session();
  await session.listOrders();
  await session.cancelOrder({ order_id: 'x' });
  await session.listOrders();
  await failure(session.cancelOrder({ order_id: 'x' }));
  await session.listOrders();
  await session.retireProduct({ product_id: 1 });
  t.equal(session.position, 'p-2');
  await session.listOrders({}, { minLogPosition: 'other' });
  await client.session(session.position).listOrders();
  t.same(
    received.map(({ headers }) => headers['min-log-position']),
    [undefined, undefined, 'p-1', 'p-1', 'p-1', 'p-1', 'other', 'p-2'],
  );
  await client.listOrders();
  t.equal(received.at(-1)?.headers['min-log-position'], undefined, 'the client itself remembers nothing');
});

t.test('raw leaves the body to the caller, who can still end it', async (t) => {
  const { client } = await standIn(t, [
    refused('overloaded'),
    (response) => void response.writeHead(200, { 'content-type': 'text/csv' }).write('order_id\n1\n'),
  ]);
  const controller = new AbortController();
  const { headers, body } = await client.raw(
    'listOrders',
    {},
    { headers: { accept: 'text/csv' }, signal: controller.signal },
  );
  t.equal(headers.get('content-type'), 'text/csv');
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  t.equal(new TextDecoder().decode((await reader.read()).value), 'order_id\n1\n');
  controller.abort(new Error('enough'));
  t.match(await failure(reader.read()), { message: 'enough' });
  const refusing = await standIn(t, [refused('order-not-found')]);
  t.match(await failure(refusing.client.raw('getOrder', { order_id: 'x' })), { code: 'order-not-found' });
  const unchanged = await standIn(t, [(response) => void response.writeHead(304).end()]);
  const options = { headers: { 'if-none-match': '"a"' } };
  t.equal((await unchanged.client.raw('getCategoryTree', {}, options)).status, 304);
});

t.test('readiness is an answer in both cases', async (t) => {
  const { client, received } = await standIn(t, [json(503, { status: 'unavailable', checks: {} })]);
  t.match(await client.getReadiness(), { data: { status: 'unavailable' }, response: { status: 503 } });
  t.equal(received.length, 1);
});
