import t from 'tap';
import { median, percentile, slope } from '../../bench/statistics.js';

t.test('a percentile is one of the values, whatever their order', async (t) => {
  t.equal(percentile([30, 10, 20], 0.5), 20);
  t.equal(percentile([30, 10, 20], 0.99), 30);
  t.equal(percentile([30, 10, 20], 1), 30);
  t.equal(percentile([], 0.5), 0);
  t.equal(median([5, 1, 9]), 5);
});

t.test('the slope is that of the line through the points', async (t) => {
  t.equal(
    slope([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
    2,
  );
  t.equal(
    slope([
      [0, 4],
      [10, 4],
    ]),
    0,
  );
  t.equal(
    slope([
      [0, 0],
      [1, 10],
      [2, 0],
    ]),
    0,
    'a peak in the middle is no growth',
  );
  t.equal(slope([[1, 7]]), 0);
  t.equal(slope([]), 0);
});
