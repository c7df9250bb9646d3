import t from 'tap';
import { RowFaults } from '../../src/import/finding.js';
import { Findings } from '../../src/import/findings.js';
import * as values from '../../src/import/values.js';
import { MAX_ID } from '../../src/values.js';

/** What a value is read as; null when it is bad, which is then one finding. */
function read(reader: (faults: RowFaults) => unknown): unknown {
  const findings = new Findings();
  const value = reader(new RowFaults(findings, 'a.csv', 2));
  if (findings.length !== (value === null ? 1 : 0)) throw new Error(`${findings.length} findings`);
  return value;
}

void t.test('a time is one of the calendar, with its zone, and becomes UTC', async (t) => {
  for (const [text, expected] of [
    ['2011-12-31T23:59:59Z', '2011-12-31T23:59:59.000Z'],
    ['2011-01-01t00:00:00.5z', '2011-01-01T00:00:00.500Z'],
    ['2011-03-01T00:30:00+23:59', '2011-02-28T00:31:00.000Z'],
    ['2012-02-29T00:00:00-01:00', '2012-02-29T01:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ] as const) {
    t.equal(
      read((faults) => values.instant(faults, 'at', text)),
      expected,
      text,
    );
  }
});

void t.test('what is no time of the calendar is found', async (t) => {
  for (const text of [
    ...['2011-00-01T00:00:00Z', '2011-13-01T00:00:00Z', '2011-01-00T00:00:00Z', '2011-04-31T00:00:00Z'],
    ...['2011-02-29T00:00:00Z', '1900-02-29T00:00:00Z', '2012-02-30T00:00:00Z'],
    ...['2011-01-01T24:00:00Z', '2011-01-01T00:60:00Z', '2011-01-01T00:00:60Z'],
    ...['2011-01-01T00:00:00+24:00', '2011-01-01T00:00:00+00:60', '2011-01-01T00:00:00'],
    ...['0000-12-31T23:59:59Z', '9999-12-31T23:59:59-00:01', '2011-01-01 00:00:00Z', '2011-01-01', 'now', ''],
  ]) {
    t.equal(
      read((faults) => values.instant(faults, 'at', text)),
      null,
      text,
    );
  }
});

void t.test('a text has 1 to its most characters, counted as people do', async (t) => {
  for (const text of ['a', 'a'.repeat(5), '😀'.repeat(5)]) {
    t.equal(
      read((faults) => values.plainText(faults, 'name', text, 5)),
      text,
    );
  }
  for (const text of ['', 'a'.repeat(6), '😀'.repeat(6), 'a\nb', '\ud83d']) {
    t.equal(
      read((faults) => values.plainText(faults, 'name', text, 5)),
      null,
      JSON.stringify(text),
    );
  }
});

void t.test('a number is whole, in plain digits and in its range', async (t) => {
  const whole = (text: string): unknown =>
    read((faults) => values.wholeNumber(faults, 'n', text, { min: 1, max: MAX_ID }));
  for (const [text, expected] of [['1', 1], ['007', 7], ['2147483647', 2_147_483_647]] as const) t.equal(whole(text), expected); // prettier-ignore
  for (const text of ['0', '2147483648', '-1', '+1', '1.0', '1e3', ' 1', '1 ', '٣', '']) t.equal(whole(text), null);
});
