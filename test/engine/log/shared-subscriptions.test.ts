/** Many followers, one subscription to the log: each gets what one of its own would give. */
import fc from 'fast-check';
import t from 'tap';
import { type Position, START, type SubscribeOptions } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { SharedSubscriptions } from '../../../src/engine/log/shared-subscriptions.js';
import { collect, newEvent, numbered } from '../../support/event-store/case.js';
import { onStandIn, until } from '../../support/event-store/on-stand-in.js';

t.setTimeout(300_000);

/** Follows until it is stopped, and notes each event by stream and revision. */
function follow(
  shared: SharedSubscriptions,
  options: Omit<SubscribeOptions, 'signal'>,
  pause?: () => Promise<unknown>,
) {
  const stop = new AbortController();
  const seen: string[] = [];
  let position = options.from;
  const subscription = shared.subscribe({ ...options, signal: stop.signal });
  const over = (async (): Promise<void> => {
    for await (const page of subscription) {
      for (const { stream, revision } of page.events) seen.push(`${stream}@${revision}`);
      position = page.position;
      await pause?.();
    }
  })();
  const end = async (): Promise<void> => {
    stop.abort();
    await over;
  };
  return { seen, subscription, stop: end, position: (): Position => position };
}

void t.test(
  'followers near the head share one subscription, and who is behind has one until it is there',
  async (t) => {
    const { server, store } = await onStandIn(t);
    const begin = (await store.append('order-1', numbered(3), 'none')).position;
    const shared = new SharedSubscriptions(store);
    const filters = ['order-', 'user-', 'product-'].map((prefix) => ({ streamPrefixes: [prefix] }));
    const near = filters.map((filter) => follow(shared, { from: begin, filter }));
    const far = follow(shared, { from: START, filter: { streamPrefixes: ['order-'] } });
    await until(() => far.seen.length === 3);
    const last = await store.append('order-1', numbered(2), 2);
    await store.append('user-1', [newEvent()], 'none');
    await until(() => near[0]?.seen.length === 2 && near[1]?.seen.length === 1 && far.seen.length === 5);
    await until(() => [...near, far].every(({ position }) => position() > last.position));
    t.equal(server.subscriptions.count, 1);
    t.equal(server.subscriptions.begun, 2);
    t.same(
      far.seen,
      [0, 1, 2, 3, 4].map((n) => `order-1@${n}`),
    );
    t.equal(near[2]?.seen.length, 0);
    t.match(near[0]?.subscription.state(), { connectedSince: /^20/, drops: {} });
    server.subscriptions.end();
    await store.append('order-1', numbered(1), 4);
    await until(() => far.seen.length === 6 && near[0]?.seen.length === 3);
    t.match(far.subscription.state(), { drops: { end: 1 } }, 'a drop is told to each');
    await Promise.all([...near, far].map(({ stop }) => stop()));
    await until(() => server.subscriptions.count === 0);
    const again = follow(shared, { from: begin, filter: { streamPrefixes: ['order-'] } });
    await until(() => again.seen.length === 3);
    await again.stop();
  },
);

void t.test('the end of a follower that waits for nothing leaves no handle and no subscription', async (t) => {
  const { server, store } = await onStandIn(t);
  const shared = new SharedSubscriptions(store);
  const one = follow(shared, { from: await store.head() });
  await until(() => server.subscriptions.count === 1);
  await one.stop();
  await until(() => server.subscriptions.count === 0);
  t.same(one.seen, []);
});

// More than is kept for those who are behind.
void t.test('a follower that is slower than the log gets everything all the same, once and in order', async (t) => {
  const store = new MemoryEventStore();
  const shared = new SharedSubscriptions(store);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const slow = follow(shared, { from: START, filter: { streamPrefixes: ['order-'] } }, () => held);
  const quick = follow(shared, { from: START, filter: { streamPrefixes: ['order-'] } });
  await store.append('order-0', [newEvent()], 'none');
  await until(() => quick.seen.length === 1 && slow.seen.length === 1);
  for (let n = 1; n <= 30; n++) await store.append(`order-${n}`, numbered(400), 'none');
  await until(() => quick.seen.length === 12_001);
  release();
  await until(() => slow.seen.length === 12_001);
  t.same(slow.seen, quick.seen);
  t.equal(new Set(slow.seen).size, 12_001);
  await Promise.all([slow.stop(), quick.stop()]);
});

void t.test('a follower that joins at any time and position gets all later events of the log', async (t) => {
  const follower = fc.record({ at: fc.nat(20), from: fc.nat(20), prefix: fc.constantFrom('a-', 'b-', '') });
  await fc.assert(
    fc.asyncProperty(fc.array(follower, { minLength: 1, maxLength: 6 }), async (followers) => {
      const store = new MemoryEventStore();
      const shared = new SharedSubscriptions(store);
      const positions: Position[] = [START];
      const running = [];
      for (let n = 0; n <= 20; n++) {
        const { position } = await store.append(`${n % 2 === 0 ? 'a' : 'b'}-${n}`, numbered(2), 'none');
        positions.push(position);
        for (const { at, from, prefix } of followers) {
          if (at !== n) continue;
          const options = { from: positions[Math.min(from, n)] ?? START, filter: { streamPrefixes: [prefix] } };
          running.push({ options, followed: follow(shared, options) });
        }
      }
      for (const { options, followed } of running) {
        const due = await collect(store.readAll(options));
        await until(() => followed.seen.length >= due.length);
        t.same(
          followed.seen,
          due.map(({ stream, revision }) => `${stream}@${revision}`),
        );
      }
      await Promise.all(running.map(({ followed }) => followed.stop()));
    }),
    { numRuns: 30 },
  );
});
