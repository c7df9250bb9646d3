/** `orderlog backup`: what can't be made again, in one file, while everything goes on. */
import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import {
  type EventStore,
  logIdentity,
  type Position,
  positionOf,
  type Progress,
  sessionBeside,
} from '../engine/index.js';
import { masterKeyOf, wrapKey } from '../crypto/wrapped-key.js';
import type { DocumentStore } from '../documents/document-store.js';
import { ArchiveWriter, sha256 } from './archive-writer.js';
import {
  documentLine,
  DOCUMENTS,
  KEY_CHECK,
  MANIFEST,
  MANIFEST_DIGEST,
  type Manifest,
  manifestHead,
  type TableEntry,
} from './manifest.js';
import { missingDocuments } from './named-documents.js';
import { partsOf } from './table-parts.js';
import { findTables, type FoundTable, migrationsOf } from './tables.js';

export interface BackupDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly tokens: { encode(position: Position): string };
  readonly documents: DocumentStore;
  readonly masterKey: Uint8Array;
  readonly version: string;
}

export interface BackupOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface BackedUp {
  readonly manifest: Manifest;
  /** Documents that the log names, and that were not there any more. */
  readonly missing: readonly string[];
}

/** @throws Error when it could not be written; then there is no such file */
export async function backUp(deps: BackupDeps, file: string, options: BackupOptions): Promise<BackedUp> {
  const { pool, store, progress, signal } = { ...deps, ...options };
  const archive = new ArchiveWriter(file);
  const client = sessionBeside(pool, 'work', { applicationName: 'orderlog-backup' });
  try {
    await client.connect();
    // Where the log is on another server, the keys of all users up to here are stored already.
    let head: Awaited<ReturnType<typeof headOf>> = { position: await store.head(), events: 0 };
    // 1. All tables, from one snapshot.
    await client.query('begin isolation level repeatable read read only');
    const isHere = store.kind === 'postgres';
    if (isHere) head = await headOf(client);
    const found = (await findTables(client)).filter(({ isLog }) => isHere || !isLog);
    progress.start('events', head.events);
    const tables: TableEntry[] = [];
    for (const table of found) tables.push(await writeTable(client, archive, table, options));
    // 2. The documents: one that the snapshot names was stored before its event.
    progress.start('documents', null);
    const documents = await writeDocuments(deps, archive, options);
    const missing = isHere ? await missingDocuments(client, deps.documents) : [];
    // 3. What belongs together.
    const identity = await logIdentity(client);
    const manifest: Manifest = {
      ...manifestHead,
      version: deps.version,
      made_at: new Date().toISOString(),
      log: { id: identity?.log_id ?? (await store.logId()), kind: store.kind },
      position: deps.tokens.encode(head.position),
      events: rowsOf(tables, 'events'),
      users: rowsOf(tables, 'user_keys'),
      key_check: wrapKey(masterKeyOf(deps.masterKey), KEY_CHECK, randomBytes(32)).toString('base64'),
      migrations: await migrationsOf(client),
      tables,
      documents,
    };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await archive.add(MANIFEST, Buffer.from(text));
    await archive.add(MANIFEST_DIGEST, Buffer.from(`${sha256(text)}  ${MANIFEST}\n`));
    signal.throwIfAborted();
    await archive.finish();
    return { manifest, missing };
  } catch (error) {
    await archive.discard();
    throw error;
  } finally {
    progress.stop();
    await client.end().catch(() => undefined);
  }
}

/** Positions leave no gap: the last one is also how many there are. */
async function headOf(client: pg.ClientBase): Promise<{ position: Position; events: number }> {
  const { rows } = await client.query<{ head: number }>(
    'select coalesce(max(position), 0) as head from orderlog.events',
  );
  const events = rows[0]?.head ?? 0;
  return { position: positionOf(BigInt(events)), events };
}

async function writeTable(
  client: pg.ClientBase,
  archive: ArchiveWriter,
  table: FoundTable,
  { progress, signal }: BackupOptions,
): Promise<TableEntry> {
  const parts: TableEntry['parts'] = [];
  let rows = 0;
  for await (const part of partsOf(client, table)) {
    signal.throwIfAborted();
    const name = `tables/${table.name}/${String(parts.length + 1).padStart(6, '0')}.copy.gz`;
    await archive.add(name, part.content);
    parts.push({ name, bytes: part.content.length, sha256: sha256(part.content) });
    rows += part.rows;
    if (table.isLog) progress.advance(part.rows);
  }
  return { name: table.name, columns: [...table.columns], rows, parts };
}

async function writeDocuments(
  { documents }: BackupDeps,
  archive: ArchiveWriter,
  { progress, signal }: BackupOptions,
): Promise<Manifest['documents']> {
  const digest = createHash('sha256');
  const sum = { count: 0, bytes: 0 };
  for await (const ids of documents.list()) {
    for (const id of ids) {
      signal.throwIfAborted();
      const stored = await documents.readStored(id);
      // Erased a moment ago.
      if (!stored) continue;
      digest.update(documentLine(id, stored.bytes));
      await archive.addStream(`${DOCUMENTS}${id}`, stored.bytes, stored.content, digest);
      sum.count += 1;
      sum.bytes += stored.bytes;
      progress.advance();
    }
  }
  return { ...sum, sha256: digest.digest('hex') };
}

function rowsOf(tables: readonly TableEntry[], table: string): number {
  return tables.find(({ name }) => name === table)?.rows ?? 0;
}
