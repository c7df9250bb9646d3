import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { allMeanings, describeSchema } from '../../scripts/describe-schema.js';
import { testDatabase } from '../support/database.js';

t.test('docs/schema.md says what the database is; if not: npm run docs:schema', async (t) => {
  const { pool } = await testDatabase(t);
  const page = readFileSync(join(import.meta.dirname, '../../../docs/schema.md'), 'utf8');
  const described = await describeSchema(pool);
  t.equal(page, described);
  for (const [of, text] of Object.entries(allMeanings)) t.ok(described.includes(text), `${of} is there`);
});
