import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Position } from '../../src/engine/core/event-store.js';
import { skipResult } from '../../src/commands/quarantine.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import type { TestDatabase } from '../support/database.js';
import { collect } from '../support/event-store/case.js';
import { outcome, type ProblemBody } from '../support/http-client.js';
import { answersAsThen, asOf, PATIENT, shopWithAPast } from '../support/past.js';
import { runningApp } from '../support/running-app.js';
import { asOfSchemas } from '../support/as-of-builds.js';

void t.test('every route answers as it did then, by token and by time, and names the position', async (t) => {
  await answersAsThen(t, await shopWithAPast(t));
});

void t.test('before the first event there is nothing', async (t) => {
  const { app, userId, orderId } = await shopWithAPast(t);
  const before = '2001-01-01T00:00:00Z';
  for (const path of ['/v1/categories', '/v1/orders']) {
    t.same((await app.http.ok('GET', asOf(path, before), { headers: PATIENT })).data, []);
  }
  for (const [path, code] of [
    ['/v1/categories/1001', 'category-not-found'],
    ['/v1/categories/1001/order-counts', 'category-not-found'],
    ['/v1/categories?root=1001', 'category-not-found'],
    [`/v1/orders/${orderId}`, 'order-not-found'],
    [`/v1/users/${userId}/orders`, 'user-not-found'],
  ] as const) {
    t.equal(outcome(await app.http.get(asOf(path, before), PATIENT)), `404 ${code}`, path);
  }
});

void t.test('a point that can not be meant is refused, on every route, and nothing is made for it', async (t) => {
  const { app, paths } = await shopWithAPast(t);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const { tokens } = app.runtime;
  const beyond = tokens.encode('ffffffffffffffff' as Position);
  const moved = tokens.encode('00000000000004e600000000000004e6' as Position);
  for (const path of paths) {
    for (const point of [tomorrow, beyond, '2026-02-30T00:00:00Z', '2026-01-31T09:30:00', 'noon: today']) {
      const answer = await app.http.get(asOf(path, point));
      t.equal(outcome(answer), '400 invalid-request', asOf(path, point));
      t.match((answer.body as ProblemBody).errors, [{ path: 'query.as_of', message: /^is / }]);
    }
    for (const point of ['abc', '2026-01-31', `${beyond}x`, moved]) {
      const answer = await app.http.get(asOf(path, point));
      t.equal(outcome(answer), '400 invalid-log-position', asOf(path, point));
      t.match((answer.body as ProblemBody).errors, [{ path: 'query.as_of', message: /^is / }]);
    }
  }
  t.same(await asOfSchemas(app.database.pool), []);
  for (const path of ['/v1/products', '/v1/users']) {
    t.equal(outcome(await app.http.get(asOf(path, tomorrow))), '400 invalid-request', `${path} has no past`);
  }
});

void t.test('a walk through pages stays at one position, if a time was asked for too', async (t) => {
  const { app, userId } = await shopWithAPast(t);
  for (const product_id of [50, 51, 52, 53]) await app.addProduct([1_001], { product_id });
  const placed = await Promise.all([50, 51, 52, 53].map((id) => app.placeOrder(userId, [id])));
  const at = app.runtime.tokens.encode(await app.runtime.store.head());
  const { rows } = await app.database.pool.query<{ at: string }>('select max(recorded_at) as at from orderlog.events');
  for (const point of [at, rows[0]?.at ?? '']) {
    for (const path of ['/v1/orders?limit=2', `/v1/users/${userId}/orders?limit=2`]) {
      const seen: OrderAnswer[] = [];
      let next: string | null = asOf(path, point);
      while (next !== null) {
        const { body, headers, data } = await app.http.ok('GET', next, { headers: PATIENT });
        seen.push(...(data as OrderAnswer[]));
        t.equal(headers.get('log-position'), at);
        next = (body as { next: string | null }).next;
        if (next !== null) t.equal(new URL(next, app.http.url).searchParams.get('as_of'), at, 'a token, not a time');
        const [open] = placed;
        if (open) await app.http.send('POST', `/v1/orders/${open.order_id}/cancel`);
        app.http.position = null;
      }
      t.equal(seen.length, 6, path);
      t.notOk(
        seen.some(({ status }) => status === 'cancelled'),
        'none of what came meanwhile',
      );
      const { body } = await app.http.ok('GET', asOf(path, at), { headers: PATIENT });
      const cursor = new URL((body as { next: string }).next, app.http.url).searchParams.get('cursor') ?? '';
      t.equal(outcome(await app.http.get(`${path}&cursor=${cursor}`)), '400 invalid-cursor', 'of now it is none');
    }
  }
});

/** As a process has it that makes an as-of build of the model. */
async function holdMaking({ pool }: TestDatabase, model: string): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query(`select pg_advisory_lock(hashtext('orderlog:as-of'), hashtext($1))`, [model]);
  return async () => {
    await client.query('select pg_advisory_unlock_all()');
    client.release();
  };
}

void t.test('a reader that waits too short a time gets 503 and when to come again, and is then answered', async (t) => {
  const { app, moments } = await shopWithAPast(t);
  const release = await holdMaking(app.database, 'order_counts');
  const path = asOf('/v1/categories/1001/order-counts', moments[3]?.token ?? '');
  for (const headers of [{ prefer: 'wait=0' }, { prefer: 'wait=0, handling=lenient' }]) {
    const answer = await app.http.get(path, headers);
    t.equal(outcome(answer), '503 read-model-behind');
    t.match(answer.headers.get('retry-after'), /^\d+$/);
  }
  t.equal(
    outcome(await app.http.get(asOf('/v1/categories', moments[3]?.token ?? ''), { prefer: 'wait=0' })),
    '503 read-model-behind',
    'it waits its turn',
  );
  await release();
  t.same((await app.http.ok('GET', path, { headers: PATIENT })).data, { placed: 0, paid: 1, cancelled: 0 });
  // And is there for who does not wait.
  t.equal(outcome(await app.http.get(path, { prefer: 'wait=0' })), '200');
});

void t.test('the tree as of a position has a tag of its own, and a caller that has it gets 304', async (t) => {
  const { app, moments } = await shopWithAPast(t);
  const tags = new Set<string | null>();
  for (const { token } of moments.slice(0, 2)) {
    const { headers } = await app.http.ok('GET', asOf('/v1/categories', token), { headers: PATIENT });
    const tag = headers.get('etag');
    tags.add(tag);
    const again = await app.http.get(asOf('/v1/categories', token), { 'if-none-match': tag ?? '' });
    t.equal(outcome(again), '304');
  }
  t.equal(tags.size, 2);
});

void t.test('however often an as-of build is dropped while it is read, each answer is right', async (t) => {
  const { app, moments } = await shopWithAPast(t);
  const { token = '', answers } = moments[4] ?? {};
  let reading = true;
  const path = '/v1/orders';
  const read = async (): Promise<number> => {
    let reads = 0;
    for (; reading; reads++) {
      const answer = await app.http.ok('GET', asOf(path, token), { headers: PATIENT });
      t.same(answer.data, answers?.get(path)?.data);
    }
    return reads;
  };
  const readers = [read(), read()];
  const numbers = new Set<string>();
  while (numbers.size < 8) {
    // Not the moment it is made: a reader who never gets to read one is told so, in the end.
    await app.database.pool.query(
      `update orderlog.as_of_builds set used_at = '-infinity' where used_at < clock_timestamp() - interval '50 ms'`,
    );
    await app.runtime.engine.asOf.sweep();
    for (const name of await asOfSchemas(app.database.pool)) numbers.add(name);
  }
  reading = false;
  t.ok((await Promise.all(readers)).every((reads) => reads > 0));
});

void t.test('a field that was sealed with a destroyed key stays unreadable, even as of an earlier time', async (t) => {
  const first = await shopWithAPast(t);
  const { userId, orderId, moments } = first;
  const { database } = first.app;
  const point = moments[4]?.token ?? '';
  const paths = [`/v1/orders/${orderId}`, `/v1/users/${userId}/orders`, '/v1/orders'].map((path) => asOf(path, point));
  for (const path of paths) {
    t.match((await first.app.http.get(path, PATIENT)).bytes.toString(), /"reference":"INV-1"/, path);
  }
  await database.pool.query('update orderlog.user_keys set wrapped = null, destroyed_at = now() where user_id = $1', [
    userId,
  ]);
  // Another process: this one may know the key for a while.
  await first.app.close();
  const app = await runningApp(t, { database });
  for (const path of paths) {
    const { bytes } = await app.http.ok('GET', path, { headers: PATIENT });
    t.match(bytes.toString(), orderId);
    t.notMatch(bytes.toString(), /INV-1/, path);
  }
});

void t.test(
  'answers as of a time that a quarantined key affects are degraded, until its events are skipped',
  async (t) => {
    const { app, userId, orderId, moments } = await shopWithAPast(t);
    const before = moments.at(-1)?.token ?? '';
    const all = (await app.http.ok('GET', '/v1/orders')).data as OrderAnswer[];
    const streams = all.map(({ order_id }) => `order-${order_id}`);
    let after = '';
    for (const stream of streams) {
      const [earlier] = await collect(app.runtime.store.read(stream));
      const event = {
        id: randomUUID(),
        type: 'OrderPaid',
        data: { of: 'tomorrow' },
        metadata: earlier?.metadata ?? {},
      };
      after = app.runtime.tokens.encode((await app.runtime.store.append(stream, [event], 'any')).position);
    }
    const degraded = async (path: string, headers: Record<string, string>): Promise<string | null> => {
      const answer = await app.http.ok('GET', path, { headers });
      // These events have no effect, and nothing else came.
      t.same(answer.data, moments.at(-1)?.answers.get(path.replace(/.as_of=.*/, ''))?.data, path);
      return answer.headers.get('degraded');
    };
    const entered = {
      '/v1/orders': '2',
      [`/v1/orders/${orderId}`]: '1',
      [`/v1/users/${userId}/orders`]: '2',
      '/v1/categories/1002/order-counts': '2',
      '/v1/categories': null,
    };
    for (const [path, keys] of Object.entries(entered)) {
      t.equal(await degraded(path, { 'min-log-position': after }), keys, `${path} now`);
      t.equal(await degraded(asOf(path, after), PATIENT), keys, `${path} as of now`);
      t.equal(await degraded(asOf(path, before), PATIENT), null, `${path} as of before`);
    }
    for (const stream of streams) await skipResult(app.runtime, { stream, reason: 'written by hand' });
    for (const path of Object.keys(entered)) {
      t.equal(await degraded(asOf(path, after), PATIENT), null, `${path} once they are skipped`);
    }
  },
);

void t.test('an as-of build that can not be made is 503, and positions before the fault are answered', async (t) => {
  const { app, moments } = await shopWithAPast(t);
  const last = moments.at(-1);
  // No code of today writes such a thing: it can't be applied.
  const data = { cat_id: 4_711, name: 'of nobody', renamed_at: new Date().toISOString() };
  const [earlier] = await collect(app.runtime.store.read('categoryTree-main'));
  const event = { id: randomUUID(), type: 'CategoryRenamed', data, metadata: earlier?.metadata ?? {} };
  const { position } = await app.runtime.store.append('categoryTree-main', [event], 'any');
  const token = app.runtime.tokens.encode(position);
  for (const path of ['/v1/categories', '/v1/categories/1001']) {
    const answer = await app.http.get(asOf(path, token), PATIENT);
    t.equal(outcome(answer), '503 read-model-behind', path);
    t.match(answer.headers.get('retry-after'), /^\d+$/);
    t.same(
      (await app.http.ok('GET', asOf(path, last?.token ?? ''), { headers: PATIENT })).data,
      last?.answers.get(path)?.data,
    );
  }
});
