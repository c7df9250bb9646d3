import t from 'tap';
import { dueAt, dueBy, spreadOf, timesOf } from '../../bench/open-loop.js';

t.test('requests are due at the rate, the first at once', async (t) => {
  t.equal(dueBy(0, 100), 1);
  t.equal(dueBy(9.9, 100), 1);
  t.equal(dueBy(10, 100), 2);
  t.equal(dueAt(5, 100), 50);
});

t.test(
  'the time of a request counts from when it was to be sent, so a stall is in the time of all who came meanwhile',
  async (t) => {
    // 100 a second, answered at once, but for a second in which the server stands still.
    const rate = 100;
    const doneAt = Array.from({ length: 400 }, (_, n) => {
      const due = dueAt(n, rate);
      return due >= 1_000 && due < 2_000 ? 2_000 : due + 1;
    });
    const times = spreadOf(timesOf(doneAt, rate));
    t.equal(times.p50, 1);
    t.ok(times.p99 > 950, 'not the one request that a waiting client would have sent');
    t.equal(times.max, 1_000);
  },
);
