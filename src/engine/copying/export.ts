/** All primary tables of a database as they are at one moment, while others write. */
import type pg from 'pg';
import type { EventStore, Position } from '../core/event-store.js';
import { numberOf } from '../log/postgres/position.js';
import { PostgresReader } from '../log/postgres/reader.js';
import { migrationsOf } from '../postgres/migrate.js';
import { sessionBeside } from '../postgres/session.js';
import { partsOf, type TablePart } from './table-parts.js';
import { findTables, type FoundTable, type PrimaryTable } from './tables.js';

export interface Export {
  /** Of the log at that moment. Where the log is on another server, everything up to here has its rows in the tables. */
  readonly head: Position;
  /** In the table of the log; 0 where the log is on another server. */
  readonly events: number;
  /** Names of the migrations that made the schema. */
  readonly migrations: readonly string[];
  /** Without that of the log where it is on another server. */
  readonly tables: readonly FoundTable[];
  /** The rows of a table, in parts of bounded size. One table at a time. */
  parts(table: FoundTable): AsyncIterable<TablePart>;
}

export async function exportTables<T>(
  { pool, store }: { readonly pool: pg.Pool; readonly store: EventStore },
  tables: readonly PrimaryTable[],
  work: (exported: Export) => Promise<T>,
): Promise<T> {
  const client = sessionBeside(pool, 'work', { applicationName: 'orderlog-backup' });
  try {
    await client.connect();
    const isHere = store.kind === 'postgres';
    // Before the tables are looked at: what this log holds up to here is in them.
    const elsewhere = isHere ? null : await store.head();
    await client.query('begin isolation level repeatable read read only');
    const head = elsewhere ?? (await new PostgresReader(client).head());
    return await work({
      head,
      // Positions leave no gap: the last one is also how many there are.
      events: isHere ? Number(numberOf(head)) : 0,
      migrations: await migrationsOf(client),
      tables: (await findTables(client, tables)).filter(({ isLog }) => isHere || !isLog),
      parts: (table) => partsOf(client, table),
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
