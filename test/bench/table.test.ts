import t from 'tap';
import { readable, tableOf } from '../../bench/table.js';

t.test('the table has medians, ratio, mark, and whether it is reached', async (t) => {
  const mark = { ratioAtLeast: 3 };
  const table = tableOf([
    { what: 'place', unit: '1/s', ours: [4_000, 3_000, 5_000], peer: [1_000, 1_000, 1_100], mark, detail: 'of many' },
    { what: 'alone', unit: 'ms', ours: [1.234], peer: null, mark: null },
  ]);
  const cells = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  t.same(cells[2], ['', 'place', '4,000 1/s', '1,000 1/s', '4.00', 'at least 3 times', 'yes', 'of many', '']);
  t.same(cells[3], ['', 'alone', '1.23 ms', '', '', '', '', '', '']);
  t.equal(new Set(table.split('\n').map((line) => line.length)).size, 1, 'its columns are aligned');
});

t.test('a value has the digits that mean something', async (t) => {
  t.equal(readable(1_234.5), '1,235');
  t.equal(readable(0.012345), '0.0123');
  t.equal(readable(0), '0');
});
