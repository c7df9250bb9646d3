import t, { type Test } from 'tap';
import type { EventStore } from '../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { eventStoreDbLog, freshNamespace } from '../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../support/event-store/namespaced.js';
import { outcome } from '../support/http-client.js';
import { type RunningApp, runningApp } from '../support/running-app.js';

interface Listed {
  readonly type: string;
  readonly stream: string;
  readonly event_id: string;
  readonly revision: number;
  readonly position: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly correlation_id: string };
}

const stores: Readonly<Record<string, (t: Test) => Promise<EventStore | null>>> = {
  'in memory': () => Promise.resolve(new MemoryEventStore()),
  'in Postgres': () => Promise.resolve(null),
  'on EventStoreDB': async (t) => new Namespaced((await eventStoreDbLog(t)).store, freshNamespace()),
};

for (const [where, open] of Object.entries(stores)) {
  void t.test(`the log ${where} is listed newest first, as every filter says, page by page`, async (t) => {
    const store = await open(t);
    const shop = await runningApp(t, store ? { store } : {});
    const { order, user } = await someEvents(shop);
    const all: Listed[] = [];
    for await (const event of shop.runtime.store.readAll()) {
      const { recordedAt: _at, position, id, ...rest } = event;
      all.push({ ...rest, event_id: id, position: shop.runtime.tokens.encode(position) } as unknown as Listed);
    }
    all.reverse();
    const names = (events: readonly Listed[]): string[] => events.map((one) => `${one.stream}@${one.revision}`);
    t.same(names(await pages(shop, '/v1/log?limit=3')), names(all));
    t.same(
      (await pages(shop, '/v1/log?limit=100')).map(({ event_id, position }) => [event_id, position]),
      all.map(({ event_id, position }) => [event_id, position]),
    );

    const stream = `order-${order}`;
    const correlation = all.find((one) => one.type === 'OrderPaid')?.metadata.correlation_id ?? '';
    const [, , third] = all as [Listed, Listed, Listed];
    const older = all.at(-4) as Listed;
    const questions: readonly (readonly [query: string, fits: (one: Listed, index: number) => boolean])[] = [
      [`stream=${stream}`, (one) => one.stream === stream],
      ['stream=user-', (one) => one.stream.startsWith('user-')],
      ['types=OrderPlaced,ProductAdded', ({ type }) => ['OrderPlaced', 'ProductAdded'].includes(type)],
      ['types=NeverHeardOf', () => false],
      [`correlation_id=${correlation}`, (one) => one.metadata.correlation_id === correlation],
      [`before=${third.position}`, (_, index) => index > 2],
      [`after=${older.position}`, (_, index) => index < all.length - 4],
      [
        `before=${third.position}&after=${older.position}&types=OrderPlaced`,
        (one, index) => one.type === 'OrderPlaced' && index > 2 && index < all.length - 4,
      ],
      [`stream=${stream}&before=${third.position}`, (one, index) => one.stream === stream && index > 2],
    ];
    for (const [query, fits] of questions) {
      t.same(names(await pages(shop, `/v1/log?${query}&limit=2`)), names(all.filter(fits)), query);
    }

    const [registered] = await pages(shop, `/v1/log?stream=user-${user}`);
    t.match(registered?.data, { name: 'Ada' }, 'personal fields are in the clear');
    await shop.http.ok('POST', `/v1/users/${user}/erase`);
    const erased = await pages(shop, `/v1/log?stream=user-${user}&types=UserRegistered`);
    t.match(erased, [{ data: { name: null, email: null } }], 'and null once the user is erased');
  });
}

void t.test('a list of the log says where the tail begins', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  await shop.addCategory();
  const answer = await shop.http.ok('GET', '/v1/log?limit=1');
  t.equal(answer.headers.get('log-position'), (answer.data as Listed[])[0]?.position);
  t.match(answer.headers.get('link') ?? '', /^<\/v1\/log\?limit=1&before=[^>]+>; rel="next"$/);
  t.equal(answer.headers.get('cache-control'), 'no-store');
});

void t.test('a question about the log that can not be meant is refused, and says why', async (t) => {
  const { http } = await runningApp(t, { projectors: false });
  const refused = {
    'stream=$all': '400 invalid-request',
    'stream=': '400 invalid-request',
    'types=': '400 invalid-request',
    'types=A,,B': '400 invalid-request',
    'before=none': '400 invalid-log-position',
    'after=none': '400 invalid-log-position',
    'limit=0': '400 invalid-request',
    'cursor=none': '400 invalid-request',
  };
  for (const [query, wanted] of Object.entries(refused))
    t.equal(outcome(await http.get(`/v1/log?${query}`)), wanted, query);
});

/** A few events of each kind. */
async function someEvents(shop: RunningApp): Promise<{ order: string; user: string }> {
  shop.http.patience = 30;
  const { cat_id } = await shop.addCategory();
  const { product_id } = await shop.addProduct([cat_id]);
  const { user_id } = await shop.registerUser({ name: 'Ada' });
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  for (let n = 0; n < 2; n++) await shop.placeOrder(user_id, [product_id]);
  await shop.http.ok('POST', `/v1/orders/${order_id}/mark-paid`);
  await shop.addProduct([cat_id]);
  return { order: order_id, user: user_id };
}

async function pages(shop: RunningApp, path: string): Promise<Listed[]> {
  const all: Listed[] = [];
  for (let next: string | null = path; next !== null;) {
    const { body } = await shop.http.ok('GET', next);
    const page = body as { data: Listed[]; next: string | null };
    all.push(...page.data);
    next = page.next;
  }
  return all;
}
