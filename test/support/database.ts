import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Test } from 'tap';
import { type Embedded, startEmbedded } from '../../src/embedded-postgres/embedded.js';
import { migrations } from '../../migrations/index.js';
import { migrate } from '../../src/engine/postgres/migrate.js';
import { createPool } from '../../src/engine/postgres/pool.js';

/** Where a run of the whole suite tells its tests the server's data folder. */
export const TEST_SERVER = 'ORDERLOG_TEST_SERVER';

/**
 * Nothing of a test's data outlives it, so its server need not wait for the disk. A new database goes through the write-ahead log page
 * by page: to compress them takes three quarters of the time. A table that is dropped is looked for in all shared buffers, and tests
 * drop many.
 */
export const TEST_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  shared_buffers: '32MB',
  wal_compression: 'off',
};

export interface TestDatabase {
  readonly config: pg.PoolConfig;
  readonly connectionString: string;
  readonly pool: pg.Pool;
}

/** A migrated database for this test alone, gone when the test is over. */
export async function testDatabase(t: Pick<Test, 'teardown'>): Promise<TestDatabase> {
  const server = await testServer();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const admin = new pg.Client({ ...server.config, database: 'postgres' });
  admin.on('error', () => undefined);
  await admin.connect();
  const template = await migratedTemplate(admin, server.config);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const config = { ...server.config, database: name };
  const pool = createPool(config, { max: 10, applicationName: 'orderlog-test', kind: 'work' });
  t.teardown(async () => {
    await pool.end();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
    await server.stop();
  });
  const { user = '', password = '', host = '' } = server.config as { user?: string; password?: string; host?: string };
  const connectionString = `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}/${name}`;
  return { config, connectionString, pool };
}

/** Stores the password of the server so that a connection takes one round of hashing instead of 4,096: tests make thousands of them. */
export async function easePassword({ config }: Pick<Embedded, 'config'>): Promise<void> {
  const { user, password } = config as { user: string; password: string };
  const admin = new pg.Client({ ...config, database: 'postgres' });
  await admin.connect();
  try {
    await admin.query('SET scram_iterations = 1');
    await admin.query(`ALTER ROLE ${pg.escapeIdentifier(user)} PASSWORD ${pg.escapeLiteral(password)}`);
  } finally {
    await admin.end();
  }
}

/** The server of the run; a test that is run by itself shares one in the temporary folder. */
function testServer(): Promise<Embedded> {
  const folder = process.env[TEST_SERVER] ?? join(tmpdir(), `orderlog-test-${process.getuid?.() ?? 0}`);
  return startEmbedded(folder, { settings: TEST_SETTINGS });
}

/** One template for each content of the migrations, made by whichever test comes first. */
async function migratedTemplate(admin: pg.Client, config: pg.PoolConfig): Promise<string> {
  const folder = join(import.meta.dirname, '../../migrations');
  const hash = createHash('sha256');
  for (const file of readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.js'))
    .sort()) {
    hash.update(readFileSync(join(folder, file)));
  }
  const name = `template_${hash.digest('hex').slice(0, 16)}`;
  await admin.query('SELECT pg_advisory_lock(7401, 99)');
  try {
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) {
      const unfinished = `${name}_unfinished`;
      await admin.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${unfinished}`);
      await migrate({ ...config, database: unfinished }, migrations);
      await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
    }
  } finally {
    await admin.query('SELECT pg_advisory_unlock(7401, 99)');
  }
  return name;
}
