import t from 'tap';
import { queryTime } from '../../src/http/schemas.js';
import { instant } from '../../src/import/values.js';
import { RowFaults } from '../../src/import/finding.js';
import { Findings } from '../../src/import/findings.js';

/** The time that a query and that a file holds; null where it is refused. */
function read(text: string): readonly (string | null)[] {
  return [
    queryTime.safeParse(text).data ?? null,
    instant(new RowFaults(new Findings(), 'orders.ndjson', 1), 'placed_at', text),
  ];
}

t.test('a query and a file take the same times', (t) => {
  const times: Readonly<Record<string, string | null>> = {
    '2026-01-31T09:30:00Z': '2026-01-31T09:30:00.000Z',
    '2026-01-31t09:30:00.1239999z': '2026-01-31T09:30:00.123Z',
    '2026-01-31T00:30:00+02:00': '2026-01-30T22:30:00.000Z',
    '2026-01-31T23:59:59-23:59': '2026-02-01T23:58:59.000Z',
    '2024-02-29T00:00:00Z': '2024-02-29T00:00:00.000Z',
    '2026-01-31T24:00:00Z': null,
    '2026-02-29T00:00:00Z': null,
    '2026-00-10T00:00:00Z': null,
    '2026-01-00T00:00:00Z': null,
    '2026-01-31T23:60:00Z': null,
    '2026-01-31T23:59:60Z': null,
    '2026-01-31T09:30:00+24:00': null,
    '2026-01-31T09:30:00+01:60': null,
    '0000-12-31T00:00:00Z': null,
    '0001-01-01T00:00:00+00:01': null,
    '9999-12-31T23:59:59-00:01': null,
    '2026-01-31T09:30Z': null,
    '2026-01-31': null,
  };
  for (const [text, time] of Object.entries(times)) t.same(read(text), [time, time], text);
  t.same(
    read('2026-01-31T00:30:00 02:00'),
    ['2026-01-30T22:30:00.000Z', null],
    'a space is a plus in an address alone',
  );
  t.end();
});
