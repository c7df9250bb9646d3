import t from 'tap';
import { type Plot, scale, short, svg } from '../../bench/plot.js';

const plot: Plot = {
  title: 'Cost & size',
  x: { label: 'events', log: true },
  y: { label: 'ms < 50' },
  series: [
    {
      name: 'read',
      points: [
        [10_000, 1],
        [1_000_000, 2],
      ],
    },
  ],
};

t.test('a scale ends at round values around what there is', async (t) => {
  t.same(scale([3, 47], { label: '' }), { from: 0, to: 50, ticks: [0, 10, 20, 30, 40, 50] });
  t.same(scale([-3, 4], { label: '' }).ticks, [-4, -2, 0, 2, 4]);
  t.same(scale([20, 3_000], { label: '', log: true }), { from: 10, to: 10_000, ticks: [10, 100, 1_000, 10_000] });
  t.same(scale([10], { label: '', log: true }).ticks, [10, 100]);
});

t.test('a scale of nothing, of zeros and of one value has a length', async (t) => {
  for (const values of [[], [0], [0, 0], [7]])
    for (const log of [false, true]) {
      const { from, to } = scale(
        values.filter((value) => !log || value > 0),
        { label: '', log },
      );
      t.ok(from < to && Number.isFinite(from) && Number.isFinite(to), `${values.join()} ${log}: ${from} to ${to}`);
    }
});

t.test('a plot escapes its texts, and draws each point where its values are', async (t) => {
  const drawn = svg([plot]);
  t.match(drawn, 'Cost &amp; size');
  t.match(drawn, 'ms &lt; 50');
  t.same(
    [...drawn.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]),
    [
      [72, 155],
      [736, 58],
    ],
  );
});

t.test('a logarithmic axis leaves out what it can not show', async (t) => {
  const [series] = plot.series;
  const drawn = svg([
    { ...plot, series: [{ name: 'read', points: [[0, 9], ...(series?.points ?? []), [100_000, NaN]] }] },
  ]);
  t.equal(drawn.match(/<circle/g)?.length, 2);
  t.notMatch(drawn, /NaN|Infinity/);
});

t.test('plots stand one below the other', async (t) => {
  t.match(svg([plot, plot]), 'height="600"');
});

t.test('large numbers are short', async (t) => {
  t.same([0, 0.25, 9_999, 10_000, 2_500_000].map(short), ['0', '0.25', '9999', '10k', '2.5M']);
});
