import t from 'tap';
import { closingLine, failures } from './closing-line.js';

const results = `TAP version 14
# Subtest: dist/test/one.test.js
    # Subtest: a rule
        ok 1 - should be equal
        not ok 2 - should be equal
          ---
          source: |
        ok 3 - this is text
          ...
        ok 3 - later # TODO
        1..3
    not ok 1 - a rule # time=1ms
    
    # Subtest: a rule for root
        1..0 # SKIP not root
    ok 2 - a rule for root # SKIP not root
    ok 3 - without a test of its own
    1..3
not ok 1 - dist/test/one.test.js
# Subtest: dist/test/other.test.js
    ok 1 - fine
    1..1
ok 2 - dist/test/other.test.js
1..2
`;

t.test('assertions are counted once, in the innermost tests', async (t) => {
  t.equal(closingLine(results, 1), '3 passed, 1 failed');
});

t.test('a run that failed without a failed assertion shows one failure', async (t) => {
  t.equal(closingLine('1..0\n', 1), '0 passed, 1 failed');
  t.equal(closingLine('ok 1 - fine\n1..1\n', 0), '1 passed, 0 failed');
});

t.test('what failed is shown with the tests it stands in and its diagnostic', async (t) => {
  t.equal(
    failures(results),
    [
      'not ok: dist/test/one.test.js > a rule > should be equal',
      '          source: |',
      '        ok 3 - this is text',
      'not ok: dist/test/one.test.js > a rule # time=1ms',
      'not ok: dist/test/one.test.js',
    ].join('\n'),
  );
  t.equal(failures('ok 1 - fine\n1..1\n'), '');
});
