import type { Knex } from 'knex';
import type pg from 'pg';
import { locks } from './advisory-locks.js';
import { type Connection, Session, type SessionConfig, sessionConfig } from './session.js';

export interface Migration {
  up(db: Knex): Promise<void>;
  down(db: Knex): Promise<void>;
}

/** In their order, by the names under which they are recorded. */
export type Migrations = Readonly<Record<string, Migration>>;

/** Brings the schema up to date; several processes may try at once. Gives the names of what was applied. */
export async function migrate(connection: Connection, migrations: Migrations): Promise<readonly string[]> {
  // knex's own lock is a row that outlives a killed process; this one dies with the connection and is waited for.
  const config = sessionConfig(connection, { kind: 'work', applicationName: 'orderlog-migrate' });
  const db = await knexOver(config);
  const guard = new Session(config);
  await guard.connect();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [locks.migrations]);
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

/** Names of those that were applied, in their order; none where there is no schema yet. */
export async function migrationsOf(db: Pick<pg.ClientBase, 'query'>): Promise<string[]> {
  const { rows: there } = await db.query<{ there: boolean }>(
    `select to_regclass('orderlog.migrations') is not null as there`,
  );
  if (!there[0]?.there) return [];
  const { rows } = await db.query<{ name: string }>('select name from orderlog.migrations order by name');
  return rows.map(({ name }) => name);
}

/** knex makes its connections by itself, of the class that its driver names: ours. */
async function knexOver(config: SessionConfig): Promise<Knex> {
  // Loaded here: most commands never migrate, and it has more files than the rest of what they load from one package.
  const { default: knex } = await import('knex');
  const db = knex({ client: 'pg', connection: config as Knex.PgConnectionConfig, pool: { min: 0, max: 2 } });
  (db.client as { driver: { readonly Client: typeof Session } }).driver = { Client: Session };
  return db;
}
