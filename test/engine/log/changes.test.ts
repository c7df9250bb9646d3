/** What a process hears of changes: it counts only while it is sure that it hears everything. */
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import {
  type Position,
  START,
  type SubscribeOptions,
  type Subscription,
} from '../../../src/engine/core/event-store.js';
import { Changes } from '../../../src/engine/log/changes.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { newEvent } from '../../support/event-store/case.js';
import { until } from '../../support/orderlog.js';

t.setTimeout(300_000);

const fast = { everyMs: 10, staleMs: 60_000 };

async function appended(
  store: MemoryEventStore,
  stream: string,
  expected: number | 'none' = 'none',
): Promise<Position> {
  return (await store.append(stream, [newEvent()], expected)).position;
}

async function listening(t: { teardown(end: () => unknown): unknown }, changes: Changes): Promise<Changes> {
  t.teardown(() => changes.close());
  await until(() => changes.heard() !== null);
  return changes;
}

void t.test('before the head is known nothing is heard, and of what was before it nothing is known', async (t) => {
  const store = new MemoryEventStore();
  const old = await appended(store, 'user-1');
  await appended(store, 'user-2');
  const changes = new Changes(store, ['user'], fast);
  t.equal(changes.heard(), null);
  await listening(t, changes);
  t.equal(changes.heard(), await store.head());
  t.notOk(changes.isUnchanged('user-1', old), 'it may have changed before');
  t.ok(changes.isUnchanged('user-1', await store.head()));
});

void t.test('a change is known by its stream, and other categories change nothing', async (t) => {
  const store = new MemoryEventStore();
  const begin = await appended(store, 'log-main');
  const changes = await listening(t, new Changes(store, ['user'], fast));
  const changed = await appended(store, 'user-1');
  const head = await appended(store, 'order-1');
  await until(() => changes.heard() === head);
  t.notOk(changes.isUnchanged('user-1', begin));
  t.ok(changes.isUnchanged('user-1', changed));
  t.ok(changes.isUnchanged('user-2', begin));
  t.ok(changes.isUnchanged('order-1', begin), 'nobody listens to orders');
});

void t.test('the oldest changes are forgotten, and then nothing is certain of what was before them', async (t) => {
  const store = new MemoryEventStore();
  const begin = await appended(store, 'log-main');
  const changes = await listening(t, new Changes(store, ['user'], { ...fast, most: 2 }));
  await appended(store, 'user-1');
  const oldest = await appended(store, 'user-2');
  await appended(store, 'user-1', 0);
  const head = await appended(store, 'user-3');
  await until(() => changes.heard() === head);
  t.ok(changes.isUnchanged('user-4', oldest), 'what changed again is not the oldest');
  t.notOk(changes.isUnchanged('user-2', begin));
  t.notOk(changes.isUnchanged('user-4', begin));
});

void t.test('while the length of the log is unknown, no position counts as heard', async (t) => {
  const store = new MemoryEventStore();
  let isAway = false;
  const source = {
    subscribe: (options: SubscribeOptions) => store.subscribe(options),
    head: () => (isAway ? Promise.reject(new Error('away')) : store.head()),
  };
  const changes = await listening(t, new Changes(source, ['user'], { everyMs: 10, staleMs: 100 }));
  isAway = true;
  await until(() => changes.heard() === null);
  isAway = false;
  await until(() => changes.heard() !== null);
});

void t.test('a subscription that reports nothing of a longer log is not believed', async (t) => {
  const store = new MemoryEventStore();
  let isMute = false;
  const mute = (options: SubscribeOptions): Subscription => {
    const subscription = store.subscribe(options);
    return {
      reach: () => undefined,
      state: () => null,
      async *[Symbol.asyncIterator]() {
        for await (const page of subscription) if (!isMute) yield page;
      },
    };
  };
  const source = { subscribe: mute, head: () => store.head() };
  const changes = await listening(t, new Changes(source, ['user'], { everyMs: 10, staleMs: 100 }));
  isMute = true;
  await appended(store, 'user-1');
  await until(() => changes.heard() === null);
});

void t.test('when the log was replaced by an older copy, all that was heard is forgotten', async (t) => {
  let store = new MemoryEventStore();
  const source = {
    subscribe: (options: SubscribeOptions) => store.subscribe(options),
    head: () => store.head(),
  };
  await appended(store, 'user-1');
  const before = await appended(store, 'user-2');
  const changes = await listening(t, new Changes(source, ['user'], fast));
  store = new MemoryEventStore();
  const head = await appended(store, 'user-1');
  await until(() => changes.heard() === head);
  t.ok(head < before);
  t.notOk(changes.isUnchanged('user-1', START));
});

void t.test('what was broken off is heard again from the head of the log', async (t) => {
  const store = new MemoryEventStore();
  let broken = 0;
  const source = {
    subscribe: (options: SubscribeOptions) => {
      if (broken++ === 0) throw new Error('broken');
      return store.subscribe(options);
    },
    head: () => store.head(),
  };
  const changes = await listening(t, new Changes(source, ['user'], fast));
  await until(() => broken === 2 && changes.heard() !== null);
  const head = await appended(store, 'user-1');
  await until(() => changes.heard() === head);
  t.notOk(changes.isUnchanged('user-1', START));
});

void t.test('an answer that comes after the end changes nothing', async (t) => {
  const store = new MemoryEventStore();
  const waiting: (() => void)[] = [];
  let isSlow = false;
  const source = {
    subscribe: (options: SubscribeOptions) => store.subscribe(options),
    head: async () => {
      if (isSlow) await new Promise<void>((resolve) => waiting.push(resolve));
      return store.head();
    },
  };
  const changes = await listening(t, new Changes(source, ['user'], fast));
  isSlow = true;
  await until(() => waiting.length > 0);
  await changes.close();
  for (const answer of waiting) answer();
  // An error would be a rejection that nobody handles, which fails the test and ends a server.
  await setImmediate();
  t.equal(changes.heard(), null);
});
