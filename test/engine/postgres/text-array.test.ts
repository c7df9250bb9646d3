import t from 'tap';
import { plainArray, textArray } from '../../../src/engine/postgres/text-array.js';
import { testDatabase } from '../../support/database.js';

void t.test('the server reads an array of texts as it was', async (t) => {
  const { pool } = await testDatabase(t);
  const texts = ['', 'NULL', '{"a":[1,"\\"é\\\\"]}', "it's, {braced}", 'line\nbreak\ttab', '😀 𝒳', 'x'.repeat(100_000)];
  for (const given of [texts, [], ['one']]) {
    const { rows } = await pool.query<{ a: string[] }>('select $1::text[] as a', [textArray(given)]);
    t.strictSame(rows, [{ a: given }]);
  }
});

void t.test('a null among texts stays one', async (t) => {
  const { pool } = await testDatabase(t);
  for (const given of [[null], ['a', null, '', 'NULL'], [null, 'é']]) {
    const { rows } = await pool.query<{ a: (string | null)[] }>('select $1::text[] as a', [textArray(given)]);
    t.strictSame(rows, [{ a: given }]);
  }
});

void t.test('the server reads numbers, booleans, UUIDs and nulls that were sent as plain arrays', async (t) => {
  const { pool } = await testDatabase(t);
  const uuid = '0190a8b6-5c3e-7000-8000-00000000000a';
  for (const [type, given] of [
    ['integer', [1, -2, null]],
    ['integer', []],
    ['bigint', [Number.MAX_SAFE_INTEGER, 0]],
    ['boolean', [true, false, null]],
    ['uuid', [uuid, null]],
  ] as const) {
    const { rows } = await pool.query<{ a: unknown }>(`select to_json($1::${type}[]) as a`, [plainArray(given)]);
    t.strictSame(rows, [{ a: given }], `${type} ${given.length}`);
  }
});

void t.test('the server refuses a text with a NUL, as it does in any other form', async (t) => {
  const { pool } = await testDatabase(t);
  await t.rejects(pool.query('select $1::text[]', [textArray(['a\0b'])]), { code: '22021' });
});
