/** Page 4, rows 6 to 11: whatever a subscription says, or fails to say, everything is given once and in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Position } from '../../../../src/engine/core/event-store.js';
import { positionOf } from '../../../../src/engine/log/eventstoredb/position.js';
import { collect } from '../../../support/event-store/case.js';
import {
  fill,
  type Following,
  following,
  nameOf,
  onStandIn,
  type OnStandIn,
  until,
} from '../../../support/event-store/on-stand-in.js';
import type { SubscribeFault } from '../../../support/stand-in/faults.js';

// On a busy machine.
t.setTimeout(300_000);

/** Everything of a stream, once, in order, and no place that was ahead of it. */
async function complete(t: Test, { server }: OnStandIn, followed: Following, prefix: string, what = ''): Promise<void> {
  const due = (): string[] => server.events.filter(({ stream }) => stream.startsWith(prefix)).map(nameOf);
  await until(() => followed.seen.length >= due().length);
  t.same(followed.seen.map(nameOf), due(), what);
  t.same(followed.steppedOver, [], what);
}

void t.test(
  'of events with one commit, those after a position are delivered, not those after the commit',
  async (t) => {
    const on = await onStandIn(t);
    fill(on.server.log, 'order-1', 6);
    // As an old transaction wrote them.
    const commit = on.server.events[4]?.position.commit ?? 0n;
    for (const event of on.server.events.slice(2, 5)) {
      Object.assign(event, { position: { commit, prepare: event.position.prepare } });
    }
    const places = on.server.events.map(({ position }) => positionOf(position));
    t.same(
      (await collect(on.store.readAll())).map(({ position }) => position),
      places,
    );
    for (const [n, from] of places.entries()) {
      const left = places.slice(n + 1);
      t.same(
        (await collect(on.store.readAll({ from }))).map(({ position }) => position),
        left,
      );
      const followed = following(t, on, 'order-', { from });
      await until(() => followed.seen.length >= left.length);
      t.same(
        followed.seen.map(({ position }) => position),
        left,
      );
      await followed.stop();
    }
  },
);

void t.test('a marker never steps over an event, whenever it comes and whatever it says', async (t) => {
  const cases: (readonly [fault: SubscribeFault | null, caughtUp: boolean])[] = [
    [null, true],
    ['checkpoint-early', true],
    ['checkpoint-early', false],
    ['caught-up-early', false],
    ['checkpoints-repeated', true],
    ['checkpoints-out-of-order', false],
  ];
  for (const [fault, caughtUp] of cases) {
    const what = `${JSON.stringify(fault)}, caughtUp ${caughtUp}`;
    const on = await onStandIn(t, { caughtUp });
    const { log } = on.server;
    // Long stretches without a match, which only markers lead through, and matches between and behind.
    for (let n = 1; n < 3; n++) {
      fill(log, 'order-1', n * 20);
      fill(log, 'other-1', 1_100);
    }
    fill(log, 'order-1', 2);
    if (fault) on.server.faults.add('subscribe', fault, { times: 2 });
    const followed = following(t, on, 'order-', { pageSize: 30, pause: () => sleep(2) });
    await until(() => followed.seen.length > 30);
    // Begun again in the middle, from the position that it believes in.
    on.server.subscriptions.end();
    fill(log, 'order-1', 3);
    await complete(t, on, followed, 'order-', what);
    await until(() => followed.pages.at(-1)?.caughtUp ?? false);
    await followed.stop();
  }
});

void t.test('a marker counts once all events before it are handled, and it moves the position on', async (t) => {
  const on = await onStandIn(t, { checkpointAtHead: false });
  fill(on.server.log, 'other-1', 5_500);
  const place = (n: number): Position =>
    positionOf({ commit: on.server.events[n]?.position.commit ?? 0n, prepare: 0n });
  // Nothing but markers comes: the reads beside the subscription have no answer.
  on.server.faults.add('readAll', 'never', { times: Infinity });
  const followed = following(t, on, 'order-');
  await until(() => followed.pages.length > 0 && (followed.pages.at(-1)?.position ?? '') >= place(3_000));
  t.ok(followed.pages.every(({ events, caughtUp }) => events.length === 0 && !caughtUp));
  t.ok((followed.pages.at(-1)?.position ?? '') < place(5_400), 'one behind the last');
  on.server.faults.clear();
});

void t.test('markers of places that there are not harm nothing', async (t) => {
  const on = await onStandIn(t);
  fill(on.server.log, 'order-1', 3);
  const followed = following(t, on, 'order-');
  await until(() => followed.seen.length === 3);
  const last = on.server.log.head();
  for (const position of [
    { commit: 0n, prepare: 0n },
    { commit: last.commit, prepare: 0n },
    { commit: last.commit + 1n, prepare: 0n },
    { commit: 2n ** 64n - 1n, prepare: 2n ** 64n - 1n },
  ]) {
    await on.server.subscriptions.sendCheckpoint(position);
    await on.server.subscriptions.sendCaughtUp();
    fill(on.server.log, 'order-1', 2);
  }
  await complete(t, on, followed, 'order-');
  t.same(followed.subscription.state()?.drops, {});
});

void t.test('a malformed message ends the subscription, not the process, and nothing is lost', async (t) => {
  const on = await onStandIn(t);
  fill(on.server.log, 'order-1', 1);
  const followed = following(t, on, 'order-');
  for (const [n, how] of (['no-id', 'no-stream'] as const).entries()) {
    await until(() => followed.seen.length === n + 1 && on.server.subscriptions.count === 1);
    on.server.subscriptions.breakNext(how);
    fill(on.server.log, 'order-1', 1);
  }
  await complete(t, on, followed, 'order-');
  t.same(followed.subscription.state()?.drops, { error: 2 });
});

void t.test('an end without an error is a drop, and so is an error', async (t) => {
  const on = await onStandIn(t);
  fill(on.server.log, 'order-1', 100);
  on.server.faults.add('subscribe', { endAfter: 30 });
  on.server.faults.add('subscribe', { unavailableAfter: 30 });
  on.server.faults.add('subscribe', 'drop');
  on.server.faults.add('subscribe', 'not-ready');
  const followed = following(t, on, 'order-', { pageSize: 7 });
  await complete(t, on, followed, 'order-');
  on.server.subscriptions.end();
  fill(on.server.log, 'order-1', 1);
  await complete(t, on, followed, 'order-');
  on.server.subscriptions.fail();
  fill(on.server.log, 'order-1', 1);
  await complete(t, on, followed, 'order-');
  const { drops, connectedSince } = followed.subscription.state() ?? {};
  t.same(drops, { end: 2, error: 4 });
  t.ok(connectedSince);
  t.equal(on.complaints.length, 6, 'each is told');
});

void t.test('a silent subscription is found out by comparison with the log', async (t) => {
  const ways: Record<string, (on: OnStandIn) => void> = {
    'all of it': ({ server }) => server.subscriptions.silence(),
    'what comes last': ({ server }) => server.subscriptions.skip(3),
    'every new one too': ({ server }) => {
      server.faults.add('subscribe', 'silent');
      server.subscriptions.silence();
    },
    'from the head on': ({ server }) => {
      server.faults.add('subscribe', 'silent-when-live');
      server.subscriptions.end();
    },
    'with its connection': ({ server }) => {
      server.freeze();
      setTimeout(() => server.thaw(), 1_000);
    },
  };
  await Promise.all(
    Object.entries(ways).flatMap(([way, befall]) =>
      [true, false].map(async (caughtUp) => {
        const on = await onStandIn(t, { caughtUp });
        fill(on.server.log, 'order-1', 5);
        const followed = following(t, on, 'order-');
        await complete(t, on, followed, 'order-');
        const { begun } = on.server.subscriptions;
        befall(on);
        if (way === 'from the head on') {
          await until(() => on.server.subscriptions.begun > begun && on.server.faults.happened.length > 0);
          await sleep(50);
        }
        fill(on.server.log, 'order-1', 3);
        await complete(t, on, followed, 'order-', `${way}, ${caughtUp}`);
        if (way !== 'with its connection') t.ok((followed.subscription.state()?.drops['silence'] ?? 0) > 0, way);
      }),
    ),
  );
});

void t.test('a subscription that is never confirmed is begun again', async (t) => {
  const on = await onStandIn(t);
  fill(on.server.log, 'order-1', 5);
  on.server.faults.add('subscribe', 'never');
  const followed = following(t, on, 'order-');
  await complete(t, on, followed, 'order-');
  t.same(followed.subscription.state()?.drops, { silence: 1 });
});

void t.test('nothing is lost to ends, errors and silences at random while much is written', async (t) => {
  const on = await onStandIn(t);
  const followed = following(t, on, 'order-', { pageSize: 20 });
  for (let turn = 0; turn < 12; turn++) {
    fill(on.server.log, 'order-1', 60);
    fill(on.server.log, 'other-1', 300);
    await until(() => on.server.subscriptions.count > 0 || turn === 0);
    if (turn % 4 === 0) on.server.subscriptions.end();
    if (turn % 4 === 1) on.server.subscriptions.fail();
    if (turn % 4 === 2) on.server.dropConnections();
    if (turn === 7) on.server.subscriptions.silence();
    await sleep(30);
  }
  await complete(t, on, followed, 'order-');
});

void t.test('the checkpoint moves to the head even if no event matches', async (t) => {
  for (const options of [
    { caughtUp: true },
    { caughtUp: false },
    { caughtUp: true, checkpointAtHead: false },
    { caughtUp: false, checkpointAtHead: false },
  ]) {
    await t.test(JSON.stringify(options), async (t) => {
      const on = await onStandIn(t, options);
      fill(on.server.log, 'other-1', 100);
      fill(on.server.log, 'order-1', 2);
      const followed = following(t, on, 'order-');
      const isAtHead = (): boolean => followed.pages.at(-1)?.position === positionOf(on.server.log.head());
      await until(isAtHead);
      const waits = { idle: Infinity, awaited: Infinity };
      for (let turn = 0; turn < 3; turn++) {
        for (const kind of ['idle', 'awaited'] as const) {
          fill(on.server.log, 'other-1', 30);
          const since = performance.now();
          if (kind === 'awaited') followed.subscription.reach(positionOf(on.server.log.head()));
          await until(isAtHead);
          waits[kind] = Math.min(waits[kind], performance.now() - since);
        }
      }
      t.ok(waits.idle < 1_000, `within a second: ${waits.idle} ms`);
      t.ok(waits.awaited < 150, `at once where somebody waits: ${waits.awaited} ms`);
      t.same(followed.steppedOver, []);
      t.equal(on.server.subscriptions.begun, 1);
    });
  }
});
