import t from 'tap';
import { describeImport } from '../../../src/operations/import/describe.js';

const result = { appended: 7, skipped: 2, seconds: 1.5, findings: [] };

void t.test(
  'an import without findings is done; with one it ends with 1 and names file, line, column and value',
  (t) => {
    t.same(describeImport(result, false), {
      document: result,
      text: '7 events appended, 2 rows skipped (stored already), 1.5 s',
      exitCode: 0,
    });
    const findings = [
      { file: 'users.csv', line: 3, column: 'email', value: 'nobody', message: 'is not an e-mail address' },
      { file: 'orders.ndjson.gz', line: 0, column: '', value: '', message: 'is no intact gzip file' },
    ];
    const { text, exitCode } = describeImport({ ...result, appended: 0, findings }, true);
    t.equal(exitCode, 1);
    t.same(text.split('\n'), [
      'users.csv:3: email "nobody": is not an e-mail address',
      'orders.ndjson.gz: is no intact gzip file',
      '2 findings',
      'checked in 1.5 s, nothing appended (dry run), 2 rows are stored already',
    ]);
    t.end();
  },
);
