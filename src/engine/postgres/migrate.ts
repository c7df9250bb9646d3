import knex from 'knex';
import * as log from '../../../migrations/0001_log.js';
import * as keys from '../../../migrations/0002_keys.js';
import * as projector from '../../../migrations/0003_projector.js';
import * as ids from '../../../migrations/0004_ids.js';
import * as identity from '../../../migrations/0005_log_identity.js';
import * as builds from '../../../migrations/0006_builds.js';
import * as quarantine from '../../../migrations/0007_quarantine.js';
import * as snapshots from '../../../migrations/0008_snapshots.js';
import * as announced from '../../../migrations/0009_announced_categories.js';
import { type Connection, Session, type SessionConfig, sessionConfig } from './session.js';

type Migration = Pick<typeof log, 'up' | 'down'>;

/** By the names under which they are recorded: without a file extension, so that sources and output agree. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001_log': log,
  '0002_keys': keys,
  '0003_projector': projector,
  '0004_ids': ids,
  '0005_log_identity': identity,
  '0006_builds': builds,
  '0007_quarantine': quarantine,
  '0008_snapshots': snapshots,
  '0009_announced_categories': announced,
};

/** Any number that no one else in this database locks. */
const LOCK = 7_401_001;

/** Brings the schema up to date; several processes may try at once. Gives the names of what was applied. */
export async function migrate(connection: Connection): Promise<readonly string[]> {
  // knex's own lock is a row that outlives a killed process; this one dies with the connection and is waited for.
  const config = sessionConfig(connection, { kind: 'work', applicationName: 'orderlog-migrate' });
  const guard = new Session(config);
  await guard.connect();
  const db = knexOver(config);
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await guard.query('CREATE SCHEMA IF NOT EXISTS orderlog');
    const migrating = {
      schemaName: 'orderlog',
      tableName: 'migrations',
      // During a deployment a process of this release may start on the schema of the next one.
      disableMigrationsListValidation: true,
      migrationSource: {
        getMigrations: () => Promise.resolve(Object.keys(migrations)),
        getMigrationName: (name: string) => name,
        getMigration: (name: string) => Promise.resolve(migrations[name] as Migration),
      },
    };
    await db.migrate.list(migrating);
    await db.migrate.forceFreeMigrationsLock(migrating);
    const [, applied] = (await db.migrate.latest(migrating)) as [number, string[]];
    return applied;
  } finally {
    await db.destroy();
    await guard.end();
  }
}

/** knex makes its connections by itself, of the class that its driver names: ours. */
function knexOver(config: SessionConfig): knex.Knex {
  const db = knex({ client: 'pg', connection: config as knex.Knex.PgConnectionConfig, pool: { min: 0, max: 2 } });
  (db.client as { driver: { readonly Client: typeof Session } }).driver = { Client: Session };
  return db;
}
