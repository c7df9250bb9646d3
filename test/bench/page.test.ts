import t from 'tap';
import { costPlot, withPart } from '../../bench/page.js';
import { svg } from '../../bench/plot.js';
import type { Figure } from '../../bench/row.js';

const page = 'By people.\n\n<!-- bench:table -->\n\nold\n\n<!-- /bench:table -->\n\nThe end.\n';

t.test('a part of the page is replaced, what people wrote stays, and again gives the same', async (t) => {
  const once = withPart(page, 'table', 'new');
  t.equal(once, 'By people.\n\n<!-- bench:table -->\n\nnew\n\n<!-- /bench:table -->\n\nThe end.\n');
  t.equal(withPart(once, 'table', 'new'), once);
  t.throws(() => withPart(page, 'plots', 'new'), /no part/);
});

t.test('cost is plotted against size, on either side, where there are sizes', async (t) => {
  const at = (size: number, ours: number, peer: number): Figure => {
    return { what: 'counts', unit: 'ms', ours: [ours], peer: [peer], mark: null, size };
  };
  t.equal(costPlot([{ what: 'alone', unit: 'ms', ours: [1], peer: null, mark: null }]), null);
  const plot = costPlot([at(10_000, 1, 20), at(100_000, 1, 200)]);
  if (!plot) throw new Error('there is no plot');
  t.same(
    plot.series.map(({ points }) => points),
    [
      [
        [10_000, 1],
        [100_000, 1],
      ],
      [
        [10_000, 20],
        [100_000, 200],
      ],
    ],
  );
  t.match(svg([plot]), /<svg[^]*cost against size[^]*<\/svg>/);
});
