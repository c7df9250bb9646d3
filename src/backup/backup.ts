/** `orderlog backup`: what can't be made again, in one file, while everything goes on. */
import { createHash, randomBytes } from 'node:crypto';
import type { Engine, Position, Progress } from '../engine/index.js';
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
import { PRIMARY_TABLES } from './tables.js';

/** The tables of one snapshot. */
type Exported = Parameters<Parameters<Engine['exportTables']>[1]>[0];

export interface BackupDeps {
  readonly engine: Pick<Engine, 'exportTables' | 'store' | 'logId'>;
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
  const archive = new ArchiveWriter(file);
  try {
    const backedUp = await deps.engine.exportTables(PRIMARY_TABLES, (exported) =>
      writeAll(deps, exported, archive, options),
    );
    options.signal.throwIfAborted();
    await archive.finish();
    return backedUp;
  } catch (error) {
    await archive.discard();
    throw error;
  } finally {
    options.progress.stop();
  }
}

async function writeAll(
  deps: BackupDeps,
  exported: Exported,
  archive: ArchiveWriter,
  options: BackupOptions,
): Promise<BackedUp> {
  const { engine, documents: stored } = deps;
  const { progress, signal } = options;
  // 1. All tables, from one snapshot.
  progress.start('events', exported.events);
  const tables: TableEntry[] = [];
  for (const table of exported.tables) tables.push(await writeTable(exported, archive, table, options));
  // 2. The documents: one that the snapshot names was stored before its event.
  progress.start('documents', null);
  const documents = await writeDocuments(deps, archive, options);
  const missing = await missingDocuments(engine.store, exported.head, stored, signal);
  // 3. What belongs together.
  const manifest: Manifest = {
    ...manifestHead,
    version: deps.version,
    made_at: new Date().toISOString(),
    log: { id: engine.logId, kind: engine.store.kind },
    position: deps.tokens.encode(exported.head),
    events: rowsOf(tables, 'events'),
    users: rowsOf(tables, 'user_keys'),
    key_check: wrapKey(masterKeyOf(deps.masterKey), KEY_CHECK, randomBytes(32)).toString('base64'),
    migrations: [...exported.migrations],
    tables,
    documents,
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await archive.add(MANIFEST, Buffer.from(text));
  await archive.add(MANIFEST_DIGEST, Buffer.from(`${sha256(text)}  ${MANIFEST}\n`));
  return { manifest, missing };
}

async function writeTable(
  exported: Exported,
  archive: ArchiveWriter,
  table: Exported['tables'][number],
  { progress, signal }: BackupOptions,
): Promise<TableEntry> {
  const parts: TableEntry['parts'] = [];
  let rows = 0;
  for await (const part of exported.parts(table)) {
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
