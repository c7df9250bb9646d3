/** What a backup is restored into: an installation that holds nothing. */
import type pg from 'pg';
import type { DocumentStore } from '../documents/document-store.js';
import { type LogIdentity, logIdentity } from '../engine/index.js';
import { WrongUse } from '../commands/output.js';
import type { Checked } from './check.js';
import type { Manifest } from './manifest.js';
import { findTables, type FoundTable, nameOf } from './tables.js';

/** What makes an installation one that is in use. A log that was only opened, and secrets made at that, do not. */
const IN_USE: Readonly<Record<string, { readonly what: string; readonly where?: string }>> = {
  events: { what: 'events', where: `where position > 1 or stream <> 'log-main'` },
  user_keys: { what: 'keys of users' },
  skipped_events: { what: 'skipped events' },
};

/** What an installation holds that is in use; the schema need not be there. */
async function found(db: pg.ClientBase, tables: readonly FoundTable[]): Promise<string[]> {
  const holds: string[] = [];
  for (const table of tables) {
    const use = IN_USE[table.name];
    if (!use) continue;
    const { rowCount } = await db.query(`select from ${nameOf(table)} ${use.where ?? ''} limit 1`);
    if (rowCount !== 0) holds.push(use.what);
  }
  return holds;
}

async function boundTo(db: pg.ClientBase, tables: readonly FoundTable[]): Promise<LogIdentity | null> {
  return tables.some(({ name }) => name === 'log_identity') ? logIdentity(db) : null;
}

/** @throws WrongUse */
export async function refuseUnlessEmpty(db: pg.ClientBase, { log }: Manifest): Promise<void> {
  const tables = await findTables(db);
  const holds = await found(db, tables);
  if (holds.length > 0) refuse(`the database holds ${holds.join(' and ')}`);
  const bound = await boundTo(db, tables);
  if (bound && bound.kind !== 'postgres' && bound.log_id !== log.id) {
    refuse(`the database belongs to log ${bound.log_id} on another server`);
  }
}

/** Whether the database is what the backup has made of it. */
export async function isRestored(db: pg.ClientBase, { log }: Manifest): Promise<boolean> {
  const tables = await findTables(db);
  return (await found(db, tables)).length > 0 && (await boundTo(db, tables))?.log_id === log.id;
}

/** Those of the backup may be there, of an earlier try. @throws WrongUse */
export async function refuseOtherDocuments(documents: DocumentStore, { documentsThere }: Checked): Promise<void> {
  let there = 0;
  for await (const ids of documents.list()) there += ids.length;
  if (there > documentsThere) refuse(`its data folder holds ${there - documentsThere} other documents`);
}

function refuse(why: string): never {
  throw new WrongUse(
    `this installation is not empty: ${why}. Restore into a new one, with another DATABASE_URL or ORDERLOG_DATA_DIR; ` +
      'nothing was changed',
  );
}
