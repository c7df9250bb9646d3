/** `orderlog restore`: an installation from a backup. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type pg from 'pg';
import { apart, type EventStore, eventStoreDb, type Progress } from '../engine/index.js';
import type { DocumentStore } from '../documents/document-store.js';
import { makeFolders } from '../documents/make-folders.js';
import { migrations } from '../../migrations/index.js';
import { WrongUse } from '../commands/output.js';
import { checkBackup, type Checked, checkMasterKey } from './check.js';
import type { CaughtUp } from './later-events.js';
import type { Manifest } from './manifest.js';
import { restoreInto } from './restore-into.js';
import { restoreNote } from './restore-note.js';
import { PRIMARY_TABLES, type TableImport } from './tables.js';
import { isRestored, refuseOtherDocuments, refuseUnlessEmpty } from './target.js';

/** Under which this operation is known to the database. */
const RESTORING = 'orderlog-restore';

/** A database whose schema may not be there yet. */
export interface TargetDatabase {
  /** Folder of the embedded cluster, null with a server of one's own. */
  readonly location: string | null;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export interface RestoreDeps {
  readonly dataDir: string;
  readonly documents: DocumentStore;
  /** Null where there is none at hand. */
  readonly masterKey: Uint8Array | null;
  /** Where it comes from: a variable or a file. */
  readonly masterKeySource: string;
  readonly openDatabase: (applicationName: string) => Promise<TargetDatabase>;
  /** The log on a server of its own; null where the configuration names none. */
  readonly openLog: (() => Promise<EventStore>) | null;
  /** Users who were erased since the backup, as far as they are known. */
  readonly erased: readonly string[];
}

export interface RestoreOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Restored extends CaughtUp {
  readonly manifest: Manifest;
  /** To be called when the read models are made, too. */
  readonly done: () => void;
}

/** All but the read models. @throws WrongUse and others; then nothing was changed, and the same may be tried again */
export async function restore(deps: RestoreDeps, file: string, options: RestoreOptions): Promise<Restored> {
  const { dataDir, documents, masterKey } = deps;
  // 1. Of the file alone, before anything is opened.
  const checked = await checkBackup(file, documents, options);
  const { manifest } = checked;
  refuseLaterSchema(manifest, file);
  refuseOtherLog(manifest, deps.openLog !== null, file);
  if (!masterKey) {
    throw new WrongUse(
      `the master key is not in ${file}: set MASTER_KEY (or MASTER_KEY_FILE) to that of the installation that was backed up, or ` +
        `put its master.key into ${dataDir}`,
    );
  }
  checkMasterKey(manifest, masterKey, deps.masterKeySource, file);
  // 2. The log, where it is elsewhere, and the database.
  const store = (await deps.openLog?.()) ?? null;
  try {
    if (store) await refuseAnotherLog(store, manifest, file);
    const database = await deps.openDatabase(RESTORING);
    try {
      const { pool, location } = database;
      const tables = new apart.TableImport({
        pool,
        tables: PRIMARY_TABLES,
        own: RESTORING,
        embedded: location !== null,
      });
      const caughtUp = await tables.alone(() => into(deps, tables, store, checked, file, options));
      return { ...caughtUp, manifest, done: () => rmSync(restoreNote(dataDir), { force: true }) };
    } finally {
      await database.close();
    }
  } finally {
    await store?.close();
  }
}

async function into(
  { dataDir, documents, erased }: RestoreDeps,
  tables: TableImport,
  store: EventStore | null,
  checked: Checked,
  file: string,
  options: RestoreOptions,
): Promise<CaughtUp> {
  const { manifest, digest } = checked;
  const note = restoreNote(dataDir);
  const isInterrupted = existsSync(note) && readFileSync(note, 'utf8') === digest;
  const contents = await tables.contents();
  // An earlier try was killed when all was there but the read models.
  if (isInterrupted && isRestored(contents, manifest)) return { destroyed: 0, lost: 0 };
  refuseUnlessEmpty(contents, manifest);
  await refuseOtherDocuments(documents, checked);
  await tables.refuseOtherProcesses();
  await tables.migrate(migrations);
  makeFolders(dataDir, 0o711);
  writeFileSync(note, digest, { flush: true });
  return restoreInto({ tables, documents, store, erased }, manifest, file, options);
}

/** @throws WrongUse for the backup of a later release */
function refuseLaterSchema(manifest: Manifest, file: string): void {
  const later = manifest.migrations.filter((name) => !Object.hasOwn(migrations, name));
  if (later.length === 0) return;
  throw new WrongUse(
    `${file} was made by Orderlog ${manifest.version}, whose schema is newer (${later.join(', ')}): restore it with that version`,
  );
}

/** @throws WrongUse when the log is to be where the backup does not expect it */
function refuseOtherLog({ log }: Manifest, isElsewhere: boolean, file: string): void {
  if (log.kind === 'postgres' && isElsewhere) {
    throw new WrongUse(
      `${file} holds a log that was in the database: unset EVENTSTORE_URL, and move it afterwards (orderlog copy-log)`,
    );
  }
  if (log.kind !== 'postgres' && !isElsewhere) {
    throw new WrongUse(
      `${file} does not hold the log, which is on a server of its own: set EVENTSTORE_URL to the server that has log ${log.id}`,
    );
  }
}

/** @throws WrongUse */
async function refuseAnotherLog(store: EventStore, { log }: Manifest, file: string): Promise<void> {
  const found = await eventStoreDb.logIdOf(store);
  if (found === log.id) return;
  throw new WrongUse(
    `${file} belongs to log ${log.id}, but the server at EVENTSTORE_URL holds ${found === null ? 'none' : `log ${found}`}: ` +
      'restore that log there, or set EVENTSTORE_URL to the server that has it',
  );
}
