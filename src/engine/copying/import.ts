/** Puts exported tables into a database in which nothing is in use, in one transaction. */
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { dropAllBuilds } from '../builds/drop.js';
import { inTransaction } from '../postgres/transaction.js';
import type { Filter } from '../core/event-store.js';
import type { IdSequence } from '../core/id-sequence.js';
import type { RecordedEvent } from '../core/message.js';
import { emptyLogTable, lockAppends } from '../log/postgres/log-table.js';
import { PostgresReader } from '../log/postgres/reader.js';
import { type Alone, aloneWith, refuseOtherProcesses } from '../postgres/alone.js';
import { idSequence } from '../postgres/id-sequence.js';
import { migrate, type Migrations } from '../postgres/migrate.js';
import { connectionOf } from '../postgres/session.js';
import { unpacked } from './table-parts.js';
import { columnsOf, type Contents, contentsOf, findTables, nameOf, type PrimaryTable } from './tables.js';

export interface ImportTarget extends Alone {
  readonly pool: pg.Pool;
  readonly tables: readonly PrimaryTable[];
}

/** The tables while they are filled: empty at first, and nobody else sees them. */
export interface Importing {
  /** For statements on the tables of the application. */
  readonly client: pg.ClientBase;
  /** Puts a part into its table. @returns how many rows it has */
  copy(table: { readonly name: string; readonly columns: readonly string[] }, part: Buffer): Promise<number>;
  /** The log that was put in. */
  readLog(filter: Filter, signal: AbortSignal): AsyncIterable<RecordedEvent>;
  sequence(name: string): IdSequence;
}

/** A database that tables are to be put into. */
export class TableImport {
  constructor(private readonly target: ImportTarget) {}

  /** Runs while no other process copies, moves or restores the log of this database. @throws Error when one does */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return aloneWith(this.target.pool, work);
  }

  contents(): Promise<Contents> {
    return contentsOf(this.target.pool, this.target.tables);
  }

  /** @throws Error that names the other processes that are connected to this database */
  refuseOtherProcesses(): Promise<void> {
    return refuseOtherProcesses(this.target.pool, this.target);
  }

  /** Brings the schema up to date. */
  async migrate(migrations: Migrations): Promise<void> {
    await migrate(connectionOf(this.target.pool), migrations);
  }

  /**
   * Empties all tables, drops all builds, and fills the tables, in one transaction.
   * @param check refuses contents that must stay
   * @throws what check and work throw, and Error when other processes work with the database; then nothing was changed
   */
  replace<T>(check: (contents: Contents) => void, work: (into: Importing) => Promise<T>): Promise<T> {
    const { pool, tables } = this.target;
    return inTransaction(pool, async (client) => {
      // 1. A process that starts now waits, and finds what is put in.
      await client.query('set local synchronous_commit = on');
      await lockAppends(client);
      const found = (await findTables(client, tables)).map(nameOf);
      await client.query(`lock table ${found.join(', ')} in access exclusive mode`);
      await refuseOtherProcesses(client, this.target);
      check(await contentsOf(client, tables));
      // 2. What opening the database has made: a log, secrets and ids of its own.
      await dropAllBuilds(client);
      await emptyLogTable(client, found);
      return work({
        client,
        copy: (table, part) => copyInto(client, table, part),
        readLog: (filter, signal) => new PostgresReader(client).all({ filter, signal }),
        sequence: (name) => idSequence(client, name),
      });
    });
  }
}

async function copyInto(
  client: pg.ClientBase,
  table: { readonly name: string; readonly columns: readonly string[] },
  part: Buffer,
): Promise<number> {
  const text = await unpacked(part);
  const into = client.query(copyFrom(`copy ${nameOf(table)} (${columnsOf(table)}) from stdin`));
  into.end(text);
  await finished(into);
  return into.rowCount;
}
