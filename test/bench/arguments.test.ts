import t from 'tap';
import { wantedOf } from '../../bench/arguments.js';
import type { Row } from '../../bench/row.js';
import { rows } from '../../bench/rows/index.js';

const row = (name: string): Row => ({ name, what: `does ${name}`, peer: 'a peer', run: async () => [] });
const all = [row('a'), row('b')];

t.test('without a name all rows are measured, and with names those, in the order of the table', async (t) => {
  t.same(wantedOf([], all), { rows: all, quick: false, full: false });
  t.same(wantedOf(['b', '--quick'], all), { rows: [all[1]], quick: true, full: false });
  t.same(wantedOf(['b', 'a', '--full'], all), { rows: all, quick: false, full: true });
});

t.test('help lists every row, and so does the message about a name or an option that is unknown', async (t) => {
  for (const [args, isFault, says] of [
    [['--help'], false, /npm run bench/],
    [['c'], true, /^There is no row c\./],
    [['--fast'], true, /--fast/],
  ] as const) {
    const told = wantedOf(args, all);
    if (!('text' in told)) throw new Error('nothing is told');
    t.equal(told.isFault, isFault);
    t.match(told.text, says);
    t.match(told.text, /does a[^]*does b/);
  }
});

t.test('each row has a name of its own that can be typed', async (t) => {
  const names = rows.map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  for (const name of names) t.match(name, /^[a-z][a-z-]*$/);
});
