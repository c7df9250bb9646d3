import t from 'tap';
import { textArray } from '../../../src/engine/postgres/text-array.js';
import { testDatabase } from '../../support/database.js';

void t.test('the server reads an array of texts as it was', async (t) => {
  const { pool } = await testDatabase(t);
  const texts = ['', 'NULL', '{"a":[1,"\\"é\\\\"]}', "it's, {braced}", 'line\nbreak\ttab', '😀 𝒳', 'x'.repeat(100_000)];
  for (const given of [texts, [], ['one']]) {
    const { rows } = await pool.query<{ a: string[] }>('select $1::text[] as a', [textArray(given)]);
    t.strictSame(rows, [{ a: given }]);
  }
});

void t.test('the server refuses a text with a NUL, as it does in any other form', async (t) => {
  const { pool } = await testDatabase(t);
  await t.rejects(pool.query('select $1::text[]', [textArray(['a\0b'])]), { code: '22021' });
});
