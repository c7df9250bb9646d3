import t from 'tap';
import { PRIMARY_TABLES } from '../../src/backup/tables.js';
import { testDatabase } from '../support/database.js';

/** Made again from the log or on opening the database, or left out on purpose: keys that are revoked must stay so. */
const FOLLOWING = [
  'api_keys',
  ...['builds', 'checkpoints', 'migrations', 'migrations_lock', 'quarantine'],
  ...['as_of_builds', 'log_times', 'idempotency_keys', 'snapshots', 'jobs'],
];

t.test('every table of the schema is in the backup, or can be made again', async (t) => {
  const { pool } = await testDatabase(t);
  const { rows } = await pool.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'orderlog' order by 1`,
  );
  t.ok(rows.length > PRIMARY_TABLES.length);
  for (const { name } of rows) {
    const isPrimary = PRIMARY_TABLES.some((table) => table.name === name);
    t.not(
      isPrimary,
      FOLLOWING.includes(name),
      `${name} is either in PRIMARY_TABLES (src/backup/tables.ts) or in FOLLOWING, here`,
    );
  }
});
