import t from 'tap';
import { atFixedRate } from '../../bench/fixed-rate.js';
import { scalePlots, scaleTable, worstGrowth } from '../../bench/scale-report.js';
import type { SizeFigures } from '../../bench/scale-sizes.js';
import { wantedSizes } from '../../bench/sizes.js';

function figures(events: number, us: number): SizeFigures {
  const command = { seconds: 1, us_per_event: us, peak_mb: 200 };
  return {
    ...{ events, orders: events / 2, written_seconds: 1, database_mb: 10, rebuild: command, verify: command },
    event_by_event: { us_per_event: us * 2 },
    placing: { per_second: 1_000, us_per_order: 1_000, p50: 5, p99: 9 },
    reads: { tree: { median_ms: 1, p99_ms: 2, bytes: 3 } },
  };
}

t.test('sizes are given as numbers, and measured in ascending order', async (t) => {
  t.same(wantedSizes([]), [10_000, 100_000, 1_000_000]);
  t.same(wantedSizes(['10_000_000', '10000']), [10_000, 10_000_000]);
  for (const wrong of ['many', '10.5', '-1', '7_999'])
    t.throws(() => wantedSizes([wrong]), { message: /^usage: npm run bench:scale/ }, wrong);
});

t.test('growth is told from the smallest size to a million, whatever their order', async (t) => {
  const sizes = { a: figures(1_000_000, 13), b: figures(10_000_000, 99), c: figures(10_000, 10) };
  t.match(worstGrowth({ sizes }), [
    { what: 'rebuild', times: 1.3 },
    {},
    { what: 'event by event', times: 1.3 },
    { times: 1 },
  ]);
  t.same(worstGrowth({ sizes: { a: figures(10_000, 10) } }), [], 'one size does not grow');
});

t.test('the table has a column for each size, and the plots a point', async (t) => {
  const sizes = { a: figures(100_000, 13), b: figures(10_000, 10) };
  t.match(scaleTable({ sizes }).split('\n')[0], '| events | 10,000 | 100,000 |');
  t.same(scalePlots({ sizes })[0]?.series[0]?.points, [
    [10_000, 10],
    [100_000, 13],
  ]);
});

t.test('requests are sent when they are due, whether or not those before have ended', async (t) => {
  const begun: number[] = [];
  let ended = 0;
  await atFixedRate({ perSecond: 100, seconds: 0.1 }, async (n) => {
    begun.push(n);
    // Ends only after all have begun.
    while (begun.length < 10) await new Promise((resolve) => setTimeout(resolve, 1));
    ended += 1;
  });
  t.same(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.equal(ended, 10, 'and it waits for the last one');
});
