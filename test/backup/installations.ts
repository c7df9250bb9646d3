/** Installations that are backed up and restored in tests: as the command opens them, in this process. */
import { join } from 'node:path';
import type pg from 'pg';
import type { Test } from 'tap';
import { projections } from '../../projections/index.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import { createPool } from '../../src/engine/postgres/pool.js';
import { backupResult } from '../../src/backup/command.js';
import { PRIMARY_TABLES } from '../../src/backup/tables.js';
import { restore, type RestoreDeps, type Restored } from '../../src/backup/restore.js';
import { noProgress } from '../../src/commands/progress.js';
import { rebuildAll } from '../engine/builds/rebuilding.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { folderStore } from '../support/folder-store.js';
import { temporaryFolder } from '../support/orderlog.js';
import type { RunningApp } from '../support/running-app.js';

export const MASTER_KEY = Buffer.alloc(32, 7);
export const options = { progress: noProgress, signal: new AbortController().signal };

export interface BackupDocument {
  readonly file: string;
  readonly bytes: number;
  readonly events: number;
  readonly users: number;
  readonly documents: number;
  readonly position: string;
  readonly notes: readonly string[];
}

/** @returns what `--json` prints */
export async function backUp({ runtime }: Pick<RunningApp, 'runtime'>, file: string): Promise<BackupDocument> {
  const { engine, tokens, masters, gate } = runtime;
  const deps = {
    engine,
    tokens,
    masterKey: masters.active.bytes,
    documents: gate.store,
    version: '1.2.3',
    masterKeySource: 'MASTER_KEY',
  };
  return (await backupResult(deps, file, options)).document as BackupDocument;
}

export interface Target {
  readonly database: TestDatabase;
  readonly dataDir: string;
}

export async function emptyTarget(t: Test): Promise<Target> {
  const database = await testDatabase(t);
  // By its name no process of Orderlog: it may look on.
  const pool = createPool(database.config, { max: 2, applicationName: 'onlooker' });
  t.teardown(() => pool.end());
  return { database: { ...database, pool }, dataDir: join(temporaryFolder(t), 'data') };
}

export function restoreDeps({ database, dataDir }: Target, store: EventStore | null = null): RestoreDeps {
  return {
    dataDir,
    documents: folderStore(join(dataDir, 'documents')),
    masterKey: MASTER_KEY,
    masterKeySource: 'MASTER_KEY',
    openDatabase: (applicationName) => {
      const pool = createPool(database.config, { max: 5, applicationName });
      return Promise.resolve({ location: null, pool, close: () => pool.end() });
    },
    openLog: store && (() => Promise.resolve(store)),
    erased: [],
  };
}

/** All but the read models. */
export function restoreTo(target: Target, file: string, store: EventStore | null = null): Promise<Restored> {
  return restore(restoreDeps(target, store), file, options);
}

/** The read models of a restored installation, as the command makes them. */
export async function remade({ runtime }: Pick<RunningApp, 'runtime'>): Promise<void> {
  await rebuildAll(runtime, {}, projections);
}

/** Every row of primary data, as text. */
export async function primaryRows(pool: pg.Pool): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of PRIMARY_TABLES.map(({ name }) => name)) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from orderlog.${table} t order by 1`);
    found[table] = rows.map(({ row }) => row);
  }
  return found;
}
