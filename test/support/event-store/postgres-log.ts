import type pg from 'pg';
import type { Test } from 'tap';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { testDatabase } from '../database.js';
import type { LogUnderTest } from './case.js';

export interface PostgresLogUnderTest extends LogUnderTest {
  readonly store: PostgresEventStore;
  another(connection?: pg.PoolConfig, options?: { giveUpAfterMs?: number }, pool?: pg.Pool): PostgresEventStore;
  readonly pool: pg.Pool;
  readonly config: pg.PoolConfig;
}

/** A log in a database of its own; all stores on it are closed with the test. */
export async function postgresLog(t: Test): Promise<PostgresLogUnderTest> {
  const { config, pool } = await testDatabase(t);
  const stores: PostgresEventStore[] = [];
  const another = (connection = config, options = {}, reads = pool): PostgresEventStore => {
    const store = new PostgresEventStore(reads, connection, options);
    stores.push(store);
    return store;
  };
  t.teardown(() => Promise.all(stores.map((store) => store.close())));
  return { store: another(), another, disconnect: () => breakConnections(pool), pool, config };
}

/** Ends all connections to this database but the one that does it; or those of one kind. */
export async function breakConnections(pool: pg.Pool, applicationName: string | null = null): Promise<void> {
  await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND ($1::text IS NULL OR application_name = $1)`,
    [applicationName],
  );
}

/** The arguments of orderlog.append_events for appends of one event each. */
export function appendArguments(
  appends: readonly { readonly stream: string; readonly expected: number | null; readonly id: string }[],
  type = 'Counted',
): unknown[] {
  return [
    appends.map((append) => append.stream),
    appends.map((append) => append.expected),
    appends.map((_, i) => i + 1),
    appends.map((append) => append.id),
    appends.map(() => type),
    appends.map(() => '{}'),
    appends.map(() => '{}'),
  ];
}

export const APPEND_EVENTS = 'SELECT * FROM orderlog.append_events($1, $2, $3, $4, $5, $6, $7)';
