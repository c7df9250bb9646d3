import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { finished } from 'node:stream/promises';
import {
  dropAllBuilds,
  type EventStore,
  inTransaction,
  otherProcesses,
  type Progress,
  stopThem,
} from '../engine/index.js';
import type { DocumentStore } from '../documents/document-store.js';
import { WrongUse } from '../commands/output.js';
import { contentOf, entriesOf } from './archive-reader.js';
import { documentOf } from './check.js';
import { destroyErased } from './erased-users.js';
import { type CaughtUp, catchUpWith } from './later-events.js';
import type { Manifest, TableEntry } from './manifest.js';
import { unpacked } from './table-parts.js';
import { columnsOf, findTables, migrationsOf, nameOf } from './tables.js';
import { refuseUnlessEmpty } from './target.js';

/** Under which this operation is known to the database. */
export const RESTORING = 'orderlog-restore';

/** Of the appends (migrations/baseline/log.ts). */
const APPENDS = [7401, 1] as const;
const MOST_PART_BYTES = 64 * 1024 * 1024;

export interface RestoreTarget {
  readonly pool: pg.Pool;
  readonly documents: DocumentStore;
  /** The log, where it is on another server; null where it is in the backup. */
  readonly store: EventStore | null;
  /** Whether the database is the embedded one. */
  readonly embedded: boolean;
}

/**
 * Everything that is in the backup, in one transaction; the documents are on the disk before it is committed.
 * @throws WrongUse where the target is not empty, and Error when other processes work with it; then nothing was changed
 */
export async function restoreInto(
  { pool, documents, store, embedded }: RestoreTarget,
  manifest: Manifest,
  file: string,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<CaughtUp> {
  return inTransaction(pool, async (client) => {
    // 1. A process that starts now waits, and finds what is restored.
    await client.query('set local synchronous_commit = on');
    await client.query('select pg_advisory_xact_lock($1, $2)', [...APPENDS]);
    const found = await findTables(client);
    await client.query(`lock table ${found.map(nameOf).join(', ')} in access exclusive mode`);
    const others = await otherProcesses(client, { own: RESTORING, embedded });
    if (others.length > 0) throw new Error(stopThem(others));
    await refuseUnlessEmpty(client, manifest);
    await refuseLaterSchema(client, manifest, file);
    // 2. What opening it has made: the restored log, secrets and ids take its place.
    await clear(client, found.map(nameOf));
    // 3. Tables, then documents, as they stand in the file.
    progress.start('events', manifest.events);
    await restoreEntries(client, documents, manifest, file, { progress, signal });
    // 4. What was erased is erased.
    return store ? catchUpWith(client, store, signal) : { destroyed: await destroyErased(client), lost: 0 };
  });
}

async function refuseLaterSchema(client: pg.ClientBase, manifest: Manifest, file: string): Promise<void> {
  const known = await migrationsOf(client);
  const later = manifest.migrations.filter((name) => !known.includes(name));
  if (later.length === 0) return;
  throw new WrongUse(
    `${file} was made by Orderlog ${manifest.version}, whose schema is newer (${later.join(', ')}): restore it with that version`,
  );
}

async function clear(client: pg.ClientBase, tables: readonly string[]): Promise<void> {
  await dropAllBuilds(client);
  await client.query(`
    drop trigger if exists moved on orderlog.events;
    alter table orderlog.events disable trigger append_only;
    truncate ${tables.join(', ')};
    alter table orderlog.events enable always trigger append_only`);
}

async function restoreEntries(
  client: pg.ClientBase,
  documents: DocumentStore,
  { tables, documents: { count } }: Manifest,
  file: string,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const tableOf = new Map(tables.flatMap((table) => table.parts.map(({ name }) => [name, table] as const)));
  let stored = 0;
  for await (const entry of entriesOf(file)) {
    signal.throwIfAborted();
    const table = tableOf.get(entry.name);
    const id = documentOf(entry.name);
    if (table) {
      const rows = await copyInto(client, table, await unpacked(await contentOf(entry, MOST_PART_BYTES)));
      if (table.name === 'events') progress.advance(rows);
    } else if (id !== null) {
      if (stored++ === 0) progress.start('documents', count);
      await documents.writeStored(id, entry.content);
      progress.advance();
    }
  }
}

/** @returns how many rows it took */
async function copyInto(client: pg.ClientBase, table: TableEntry, text: Buffer): Promise<number> {
  const into = client.query(copyFrom(`copy ${nameOf(table)} (${columnsOf(table)}) from stdin`));
  into.end(text);
  await finished(into);
  return into.rowCount;
}
