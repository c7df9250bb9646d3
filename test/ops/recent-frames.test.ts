import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Position } from '../../src/engine/core/event-store.js';
import type { RecordedEvent } from '../../src/engine/core/message.js';
import { RecentFrames } from '../../src/ops/recent-frames.js';

const at = (position: number): RecordedEvent => ({ position: String(position) as Position }) as RecordedEvent;

void t.test('a frame is made once for all that ask at about the same time, and then again', async (t) => {
  let made = 0;
  const frames = new RecentFrames(({ position }) => Promise.resolve(`${position} ${++made}`));
  t.same(await Promise.all([frames.of(at(1)), frames.of(at(1)), frames.of(at(2))]), ['1 1', '1 1', '2 2']);
  t.equal(frames.of(at(1)), '1 1');
  // What has been erased meanwhile must not be sent for much longer.
  await sleep(1_100);
  t.equal(await frames.of(at(1)), '1 3');
});

void t.test('a frame that can not be made is tried again', async (t) => {
  let tries = 0;
  const frames = new RecentFrames(() => (++tries === 1 ? Promise.reject(new Error('away')) : Promise.resolve('there')));
  await t.rejects(Promise.all([frames.of(at(1)), frames.of(at(1))]), /away/);
  t.equal(await frames.of(at(1)), 'there');
});

void t.test('not more is kept than some megabytes', async (t) => {
  let made = 0;
  const frames = new RecentFrames(() => Promise.resolve(`${++made}`.padEnd(1024 * 1024)));
  for (let n = 0; n < 6; n++) await frames.of(at(n));
  t.equal((await frames.of(at(5))).trim(), '6', 'the latest are kept');
  t.equal((await frames.of(at(0))).trim(), '7');
});
