import t from 'tap';
import { NoAnswerError, ProblemError } from '../../clients/typescript/src/index.js';
import { pauseMs } from '../../clients/typescript/src/retry.js';
import { cut, failure, half, json, page, refused, silence, standIn, type Step } from './stand-in.js';

/** Half of the shortest wait that a test must not begin. On a slow machine, too, what does not wait takes less. */
const AT_ONCE_MS = 10_000;

const order = { user_id: '018f4a7e-0000-7000-8000-000000000001', items: [{ product_id: 1, quantity: 2 }] };
const placed = { data: { order_id: '018f4a7e-0000-7000-8000-000000000002' } };

const troubles: readonly (readonly [string, Step])[] = [
  ['a connection that is cut', cut],
  ['a connection that is cut in the middle of the answer', half(201, placed)],
  ['a read model that is behind', refused('read-model-behind')],
  ['an overloaded server', refused('overloaded')],
  ['the same request under way', refused('idempotency-in-flight')],
  ['a rate limit', refused('rate-limited')],
  ['a proxy without a server', page('text/html', 502)],
];

for (const [title, trouble] of troubles) {
  t.test(`after ${title}, a command is sent again with its key`, async (t) => {
    const { client, received } = await standIn(t, [trouble, trouble, json(201, placed)]);
    const { data, response } = await client.placeOrder(order);
    t.same(data, placed.data);
    t.equal(response.status, 201);
    t.equal(received.length, 3);
    const [key, ...others] = new Set(received.map(({ headers }) => headers['idempotency-key']));
    t.match(key, /^[0-9a-f]{32}$/);
    t.same(others, [], 'one key');
    t.same(
      received.map(({ body }) => JSON.parse(body.toString()) as object),
      [order, order, order],
    );
  });

  t.test(`after ${title}, a read is sent again`, async (t) => {
    const { client, received } = await standIn(t, [trouble, json(200, placed)]);
    t.same((await client.getOrder({ order_id: placed.data.order_id })).data, placed.data);
    t.equal(received.length, 2);
    t.equal(received[0]?.headers['idempotency-key'], undefined, 'without a key');
  });
}

t.test('an upload is sent again as it was', async (t) => {
  const { client, received } = await standIn(t, [cut, cut, json(201, { data: {} })]);
  const pdf = new Blob([new Uint8Array(100_000).fill(7)], { type: 'application/pdf' });
  await client.registerUser({ name: 'Ada', email: 'ada@shop.test', id_proof: pdf });
  // Each attempt has a boundary of its own.
  const forms = received.map(({ body, headers }) => {
    const boundary = headers['content-type']?.split('boundary=')[1] ?? '';
    return body.toString('latin1').replaceAll(boundary, '');
  });
  t.match(forms[0], /name="name"\r\n\r\nAda\r\n.*name="email"\r\n\r\nada@shop.test\r\n.*name="id_proof"; filename=/s);
  t.match(forms[0], '\x07'.repeat(100_000));
  t.same(forms, [forms[0], forms[0], forms[0]]);
  t.equal(new Set(received.map(({ headers }) => headers['idempotency-key'])).size, 1);
});

t.test('a retry waits as long as Retry-After says', async (t) => {
  const { client, received } = await standIn(t, [refused('overloaded', { 'retry-after': '1' }), json(201, placed)]);
  await client.placeOrder(order);
  const [first, second] = received.map(({ at }) => at);
  t.ok((second ?? 0) - (first ?? 0) >= 990, 'a second');
});

t.test('Retry-After may be a date', async (t) => {
  const inFuture = new Response(null, { headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } });
  t.ok(Math.abs(pauseMs(0, inFuture) - 60_000) < 2_000);
  const past = new Response(null, { headers: { 'retry-after': new Date(0).toUTCString() } });
  t.ok(pauseMs(0, past) <= 100);
  const nonsense = new Response(null, { headers: { 'retry-after': 'soon' } });
  t.ok(pauseMs(0, nonsense) <= 100);
});

t.test('pauses grow up to a bound, and two clients do not keep step', async (t) => {
  for (const [attempts, longest] of [
    [0, 100],
    [1, 200],
    [4, 1_600],
    [30, 5_000],
  ] as const) {
    const pauses = Array.from({ length: 50 }, () => pauseMs(attempts, null));
    t.ok(pauses.every((ms) => ms >= longest / 2 && ms <= longest));
    t.ok(new Set(pauses).size > 10);
  }
});

t.test('a refusal is thrown at once, with all that it says', async (t) => {
  const { client, received } = await standIn(t, [refused('order-paid')]);
  const error = await failure(client.cancelOrder({ order_id: 'x' }, { idempotencyKey: 'cancel-x' }));
  t.ok(error instanceof ProblemError);
  t.match(error, { code: 'order-paid', status: 409, requestId: 'r-1', errors: [], idempotencyKey: 'cancel-x' });
  t.equal((error as ProblemError).response.status, 409);
  t.equal((error as ProblemError).message, '409 order-paid: A paid order stays as it is. (request r-1)');
  t.equal(received.length, 1);
});

t.test('a client that gives up names the key, so that the command can be sent again later', async (t) => {
  const unanswered = await standIn(t, [cut], { retryForMs: 3_000 });
  const error = await failure(unanswered.client.placeOrder(order));
  t.ok(error instanceof NoAnswerError);
  t.equal((error as NoAnswerError).idempotencyKey, unanswered.received[0]?.headers['idempotency-key']);
  t.match((error as NoAnswerError).message, /^POST \/v1\/orders got no answer: fetch failed: /);
  t.ok(unanswered.received.length >= 2);

  const behind = await standIn(t, [refused('overloaded')], { retryForMs: 300 });
  const problem = await failure(behind.client.placeOrder(order));
  t.match(problem, { code: 'overloaded', idempotencyKey: behind.received[0]?.headers['idempotency-key'] });

  const patient = await standIn(t, [refused('overloaded', { 'retry-after': '60' })]);
  const began = performance.now();
  t.match(await failure(patient.client.listUsers()), { code: 'overloaded', idempotencyKey: null });
  t.ok(performance.now() - began < AT_ONCE_MS, 'a wait beyond the end of all retries is not begun');
  t.equal(patient.received.length, 1);

  const once = await standIn(t, [cut], { retryForMs: 0 });
  t.ok((await failure(once.client.listUsers())) instanceof NoAnswerError);
  t.equal(once.received.length, 1);
});

t.test('an attempt that takes too long is given up for another one', async (t) => {
  const { client, received } = await standIn(t, [silence, json(201, placed)], { attemptTimeoutMs: 3_000 });
  t.same((await client.placeOrder(order)).data, placed.data);
  t.equal(received.length, 2);
});

t.test('what is no answer of Orderlog is named and not sent again', async (t) => {
  for (const status of [200, 404]) {
    const { client, received } = await standIn(t, [page('text/html', status)]);
    const error = await failure(client.listUsers());
    t.ok(error instanceof NoAnswerError);
    t.match((error as NoAnswerError).message, `GET /v1/users got ${status} text/html, which is no answer of Orderlog`);
    t.equal((error as NoAnswerError).response?.status, status);
    t.equal(received.length, 1);
  }
});

t.test('an aborted call ends at once with the reason, and leaves no timer', async (t) => {
  const reason = new Error('the user left');
  const wanted: readonly (readonly [string, Step])[] = [
    ['in a request', silence],
    ['in a pause', refused('overloaded', { 'retry-after': '20' })],
  ];
  for (const [when, step] of wanted) {
    const { client, count } = await standIn(t, [step]);
    const controller = new AbortController();
    const ended = failure(client.placeOrder(order, { signal: controller.signal }));
    await count(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    controller.abort(reason);
    t.equal(await ended, reason, when);
    t.ok(performance.now() - began < AT_ONCE_MS, when);
  }
  const { client, received } = await standIn(t, [json(201, placed)]);
  t.equal(await failure(client.placeOrder(order, { signal: AbortSignal.abort(reason) })), reason);
  t.equal(received.length, 0, 'a call that was aborted before is not sent');
  t.notOk(process.getActiveResourcesInfo().includes('Timeout'), 'no timer is left');
});

t.test('a call leaves nothing at a signal that lives longer', async (t) => {
  const { client } = await standIn(t, [cut, json(201, placed)]);
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners -= 1;
    removeEventListener.apply(signal, args);
  };
  await client.placeOrder(order, { signal });
  t.equal(listeners, 0);
});
