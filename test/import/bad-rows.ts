import t from 'tap';
import { check, good } from './folder.js';

/** Rows put in the place of a good file's; each finding as line, column, value, part of its message. */
export type Case = [rule: string, file: string, text: string, ...findings: [number, string, string, RegExp][]];

export const digits = /whole number in plain digits/;

/** Each case is a test: exactly these findings, and nothing is appended. */
export function testBadRows(cases: readonly Case[]): void {
  for (const [rule, file, text, ...expected] of cases) {
    void t.test(`${rule} (${file})`, async (t) => {
      // Rows of other files that would miss what this one leaves out are taken away.
      const later: Record<string, string[]> = {
        'categories.csv': ['products.csv', 'orders.ndjson'],
        'products.csv': ['orders.ndjson'],
        'users.csv': ['orders.ndjson'],
      };
      const files = Object.entries({ ...good, [file]: text }).filter(([name]) => !later[file]?.includes(name));
      const { findings, plan } = await check(t, Object.fromEntries(files));
      t.equal(plan, null, 'nothing is appended');
      t.same(
        findings.map(({ file, line, column, value }) => [file, line, column, value]),
        expected.map(([line, column, value]) => [file, line, column, value]),
      );
      expected.forEach(([, , , message], i) => t.match(findings[i]?.message, message));
    });
  }
}
