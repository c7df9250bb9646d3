import t from 'tap';
import { describeImport } from '../../src/import/describe.js';
import type { Finding } from '../../src/import/findings.js';
import { Findings } from '../../src/import/findings.js';
import type { ImportResult } from '../../src/import/run.js';
import { Pieces } from '../../src/commands/output.js';

function result(found: readonly Finding[], changes: Partial<ImportResult> = {}): ImportResult {
  const findings = new Findings(100);
  for (const finding of found) findings.add(finding);
  return { appended: 7, skipped: 2, seconds: 1.5, refused: null, findings, ...changes };
}

function documentOf(described: ReturnType<typeof describeImport>): unknown {
  return described.document instanceof Pieces ? JSON.parse([...described.document.pieces].join('')) : null;
}

const email = { file: 'users.csv', line: 3, column: 'email', value: 'nobody', message: 'is not an e-mail address' };
const damaged = { file: 'orders.ndjson.gz', line: 0, column: '', value: '', message: 'is no intact gzip file' };

void t.test('an import without findings is done', async (t) => {
  const described = describeImport(result([]), false);
  t.match(described, { text: '7 events appended, 2 rows skipped (stored already), 1.5 s', exitCode: 0 });
  t.same(documentOf(described), { appended: 7, skipped: 2, seconds: 1.5, findings: [] });
  const one = describeImport(result([], { appended: 1, skipped: 1 }), false);
  t.equal(one.text, '1 event appended, 1 row skipped (stored already), 1.5 s');
});

void t.test('findings make it 1, and name file, line, column and value', async (t) => {
  const { text, exitCode } = describeImport(result([damaged, email], { appended: 0 }), true);
  t.equal(exitCode, 1);
  t.same(text.split('\n'), [
    'users.csv:3: email "nobody": is not an e-mail address',
    'orders.ndjson.gz: is no intact gzip file',
    '2 findings',
    'checked in 1.5 s, nothing appended (dry run), 2 rows are stored already',
  ]);
});

void t.test('one finding is one finding, and the last line says what came of the other rows', async (t) => {
  const stopped = describeImport(result([email], { appended: 0, skipped: 1, refused: 'findings' }), false).text;
  t.match(
    stopped,
    /\n1 finding\nnothing was appended: correct the findings .*--on-error report \(1 row is stored already,/,
  );
  const tree = describeImport(result([email], { appended: 0, refused: 'tree' }), false).text;
  t.match(tree, /nothing was appended: products need the whole category tree/);
  const findings = result([email]).findings;
  findings.rows = 1;
  const reported = describeImport({ ...result([]), findings }, false).text;
  t.match(reported, /7 events appended, 2 rows skipped \(stored already\), 1 row left out, 1.5 s$/);
});

void t.test('what may not be meant is noted, and is no finding', async (t) => {
  const { findings } = result([]);
  findings.notes.push('users.csv has a header line and no rows');
  const { text, exitCode } = describeImport({ ...result([]), findings }, false);
  t.equal(exitCode, 0);
  t.match(text, /^note: users.csv has a header line and no rows\n7 events appended/);
});

void t.test('of thousands of findings people see the first of each kind, and programs all', async (t) => {
  const many = Array.from({ length: 5_000 }, (_, i): Finding => {
    const line = 5_001 - i;
    if (i % 2 === 0) return { ...email, line };
    return {
      file: 'orders.ndjson',
      line,
      column: `items[${i}].sku`,
      value: 'S',
      message: `is another SKU: it is ${i}`,
    };
  });
  const described = describeImport(result([...many, { ...email, line: 9_999, message: 'is missing' }]), false);
  const lines = described.text.split('\n');
  t.equal(lines.length, 3 + 1 + 3 + 1 + 1 + 2, described.text);
  t.equal(lines.filter((line) => /^ {4}... and 2497 more of this kind$/.test(line)).length, 2);
  t.match(lines.at(-2), '5001 findings; --json lists all of them');
  const { findings } = documentOf(described) as { findings: Finding[] };
  t.equal(findings.length, 5_001);
  const inOrder = [...many, { ...email, line: 9_999, message: 'is missing' }].sort(
    (a, b) => Number(b.file === 'users.csv') - Number(a.file === 'users.csv') || a.line - b.line,
  );
  t.same(findings, inOrder, 'by file in the order of their use, then by line, whatever was put away');
});

void t.test('kinds without end are shown as far as they can be read', async (t) => {
  const many = Array.from({ length: 3_000 }, (_, i): Finding => ({
    ...email,
    line: i,
    column: `x${i}`,
    message: 'is bad',
  }));
  const lines = describeImport(result(many), false).text.split('\n');
  t.equal(lines.length, 50 + 3);
  t.equal(lines[50], 'and 2950 findings of other kinds');
});

void t.test('what stands in a file does not reach a terminal as it is', async (t) => {
  const hostile = 'x\u001b]0;a\u0007\u0000\u202e\ny';
  const column = { ...email, column: hostile, value: hostile, message: `unknown column: ${hostile}` };
  const { text } = describeImport(result([column, { ...column, value: 'other' }]), false);
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  t.equal(text.split('\n').length, 4, 'and breaks no line');
  t.match(text, /^users.csv:3: "x\\u001b/, 'a header cell is shown once');
});
