import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { Position } from '../../src/engine/index.js';
import { required } from '../access/guarded.js';
import { type Frozen, frozen, type OpenStream, openStream, type Received } from '../support/event-stream.js';
import { Client } from '../support/http-client.js';
import { until } from '../support/orderlog.js';
import { type RunningApp, runningApp } from '../support/running-app.js';

interface Listed {
  readonly type: string;
  readonly stream: string;
  readonly position: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const dataOf = ({ data }: Received): Listed => data as Listed;

void t.test('the tail gives each new event once, with its position as id and in the form of the list', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  await shop.addCategory();
  const tail = await openStream(t, shop.http, '/v1/log');
  t.equal(tail.headers.get('content-type'), 'text/event-stream');
  t.equal(tail.headers.get('cache-control'), 'no-store, no-transform');
  t.equal(tail.headers.get('x-content-type-options'), 'nosniff', 'with the headers of every answer');
  await until(() => tail.lastId() !== null);
  for (let n = 0; n < 5; n++) await shop.addCategory();
  await tail.count(5);
  const list = (await shop.http.ok('GET', '/v1/log?limit=5')).data as Listed[];
  t.same(tail.events.map(dataOf), list.toReversed());
  t.same(
    tail.events.map(({ id, event }) => [id, event]),
    list.toReversed().map(({ position }) => [position, 'recorded']),
  );
});

void t.test('a tail is resumed exactly behind the last event that its client has seen', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const seen: Listed[] = [];
  let last: string | undefined;
  for (let round = 0; round < 4; round++) {
    const tail = await openStream(t, shop.http, '/v1/log', last === undefined ? {} : { 'last-event-id': last });
    await until(() => tail.lastId() !== null);
    await Promise.all([shop.addCategory(), shop.addCategory()]);
    // What has come while there was no tail, and one event of this round: the other one is the next round's.
    await tail.count(round === 0 ? 1 : 2);
    const taken = tail.events.slice(0, round === 0 ? 1 : 2);
    seen.push(...taken.map(dataOf));
    last = taken.at(-1)?.id ?? last;
    tail.close();
    await tail.ended;
  }
  const list = (await shop.http.ok('GET', '/v1/log?types=CategoryAdded')).data as Listed[];
  t.same(
    seen.map(({ position }) => position),
    list
      .toReversed()
      .slice(0, seen.length)
      .map(({ position }) => position),
  );
  t.equal(seen.length, 7);
});

void t.test('a tail begins behind `after`, and filters as the list does', async (t) => {
  const shop = await runningApp(t);
  shop.http.patience = 30;
  const { cat_id } = await shop.addCategory();
  const begin = shop.http.position ?? '';
  const { product_id } = await shop.addProduct([cat_id]);
  const { user_id } = await shop.registerUser({ name: 'Ada' });
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  await shop.placeOrder(user_id, [product_id]);
  const tail = (query: string): Promise<OpenStream> => openStream(t, shop.http, `/v1/log?after=${begin}&${query}`);
  const byStream = await tail(`stream=order-${order_id}`);
  const byType = await tail('types=UserRegistered,ProductAdded');
  await Promise.all([byStream.count(1), byType.count(2)]);
  const placed = ((await shop.http.ok('GET', '/v1/log?types=OrderPlaced')).data as Listed[])[0];
  const correlation = (placed as unknown as { metadata: { correlation_id: string } }).metadata.correlation_id;
  const byCorrelation = await tail(`correlation_id=${correlation}`);
  await byCorrelation.count(1);
  t.match(byStream.events.map(dataOf), [{ stream: `order-${order_id}` }]);
  t.match(byType.events.map(dataOf), [{ type: 'ProductAdded' }, { type: 'UserRegistered', data: { name: 'Ada' } }]);
  t.same(byCorrelation.events.map(dataOf), [placed]);
});

void t.test(
  'ten tails at once get the same, from one subscription, and an event stands there in a second',
  async (t) => {
    const shop = await runningApp(t, { projectors: false });
    const { store } = shop.runtime;
    let subscriptions = 0;
    const subscribe = store.subscribe.bind(store);
    store.subscribe = (options) => {
      subscriptions++;
      return subscribe(options);
    };
    const tails = await Promise.all(Array.from({ length: 10 }, () => openStream(t, shop.http, '/v1/log')));
    await until(() => tails.every((tail) => tail.lastId() !== null));
    await shop.addCategory();
    await Promise.all(tails.map((tail) => tail.count(1)));
    t.equal(subscriptions, 1);
    const [first, ...others] = tails as [OpenStream, ...OpenStream[]];
    for (const other of others) t.same(other.events, first.events);
  },
);

void t.test(
  'a position that this log does not have yet, as before a restore, is refused and not waited for',
  async (t) => {
    const { http, runtime } = await runningApp(t, { projectors: false });
    const lost = runtime.tokens.encode('f'.repeat(16) as Position);
    const asked: [string, string, Record<string, string>][] = [
      ['header.last-event-id', '/v1/log', { accept: 'text/event-stream', 'last-event-id': lost }],
      ['query.after', `/v1/log?after=${lost}`, { accept: 'text/event-stream' }],
      ['query.after', `/v1/log?after=${lost}`, {}],
      ['query.before', `/v1/log?before=${lost}`, {}],
    ];
    for (const [path, url, headers] of asked) {
      const answer = await fetch(new URL(url, http.url), { headers });
      t.equal(answer.status, 400, `${path} ${url}`);
      t.match(await answer.json(), { errors: [{ path, message: 'is a position beyond the head of the log' }] });
    }
  },
);

void t.test('ten tails cost no more than one: each event is read and written out once', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { handler } = shop.runtime;
  let given = 0;
  const history = handler.history.bind(handler);
  handler.history = (...args) => {
    given++;
    return history(...args);
  };
  const tails = await Promise.all(Array.from({ length: 10 }, () => openStream(t, shop.http, '/v1/log')));
  await until(() => tails.every((tail) => tail.lastId() !== null));
  await Promise.all(Array.from({ length: 8 }, () => appendUnheard(shop)));
  await Promise.all(tails.map((tail) => tail.count(8)));
  t.equal(given, 8);
});

void t.test('many events at once are few writes, and the first one after a quiet time waits for nothing', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const socket = connect(Number(new URL(shop.http.url).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  let text = '';
  let pieces = 0;
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    pieces += 1;
  });
  socket.write('GET /v1/log HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n');
  const events = (): number => text.split('event: recorded').length - 1;
  await until(() => text.includes(': heartbeat'));
  await appendUnheard(shop);
  await until(() => events() === 1);
  pieces = 0;
  const begun = performance.now();
  for (let n = 0; n < 300; n++) await appendUnheard(shop);
  await until(() => events() === 301);
  const tenths = (performance.now() - begun) / 100;
  t.ok(pieces < 10 + 2 * tenths, `${pieces} writes in ${Math.round(tenths)} tenths of a second`);
});

void t.test('a client that reads nothing holds its source back, and gets all when it reads on', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { handler } = shop.runtime;
  let given = 0;
  const history = handler.history.bind(handler);
  handler.history = (...args) => {
    given++;
    return history(...args);
  };
  const client = await frozenTail(t, shop);
  // Far more than sockets buffer.
  const text = 'x'.repeat(100_000);
  for (let n = 0; n < 250; n++) await appendUnheard(shop, { text });
  await until(() => given > 0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.ok(given < 200, `${given} of 250 events were asked for`);
  client.socket.resume();
  await until(() => client.bytes > 250 * text.length, 30_000);
  t.equal(given, 250);
});

void t.test('a tail ends within five seconds of the revocation of its key, and says so', async (t) => {
  const shop = await runningApp(t, { projectors: false, access: required });
  const { key, key_id } = await shop.runtime.apiKeys.create('admin', null);
  const tail = await openStream(t, new Client(shop.http.url, key), '/v1/log');
  await until(() => tail.lastId() !== null);
  const begun = Date.now();
  await shop.runtime.apiKeys.revoke(key_id);
  await tail.ended;
  t.ok(Date.now() - begun < 5_500, `${Date.now() - begun} ms`);
  t.match(tail.events, [{ event: 'problem', data: { code: 'unauthenticated', status: 401 } }]);
});

void t.test('tails end at once when the process is to end, and say so', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const tail = await openStream(t, shop.http, '/v1/log');
  await until(() => tail.lastId() !== null);
  const begun = Date.now();
  await shop.drain.close(shop.app);
  await tail.ended;
  t.ok(Date.now() - begun < 2_500, `${Date.now() - begun} ms`);
  t.match(tail.events, [{ event: 'problem', data: { code: 'overloaded' } }]);
});

/** A tail whose client has stopped to read. */
function frozenTail(t: Test, shop: RunningApp): Promise<Frozen> {
  return frozen(t, Number(new URL(shop.http.url).port), '/v1/log');
}

/** An event that no release knows, in a stream of its own. */
async function appendUnheard({ runtime }: RunningApp, data: Readonly<Record<string, string>> = {}): Promise<void> {
  const event = { id: randomUUID(), type: 'Unheard', data, metadata: {} };
  await runtime.store.append(`order-${randomUUID()}`, [event], 'none');
}
