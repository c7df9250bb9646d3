/** `orderlog backup` and `orderlog restore`: what they need is opened here, of a restore before there is an installation. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { projections } from '../projections/index.js';
import type { Config } from './config.js';
import { masterKeyFile, readMasterKey } from './crypto/master-key.js';
import { openDatabase } from './open-database.js';
import { openLogAt } from './engine/index.js';
import { backupResult, restoreResult } from './backup/command.js';
import { type CommandResult, jsonOption } from './commands/output.js';
import { problemLog } from './commands/problem-log.js';
import { showProgress } from './commands/progress.js';
import { documentStore, type OpenOptions, openRuntime, type Runtime } from './runtime.js';

export interface Running {
  /** Opens the installation for the command. */
  readonly run: (
    json: boolean,
    options: OpenOptions,
    command: (runtime: Runtime, signal: AbortSignal) => Promise<CommandResult>,
  ) => Promise<void>;
  /** Opens nothing. */
  readonly runWithout: (
    json: boolean,
    command: (settings: Config, signal: AbortSignal) => Promise<CommandResult>,
  ) => Promise<void>;
  readonly version: string;
}

export function addBackupAndRestore(program: Command, { run, runWithout, version }: Running): void {
  program
    .command('backup')
    .description('log, key store and documents in one file, whether or not serve runs; the master key is not in it')
    .argument('<file>', 'a tar file, which must not be there yet')
    .addOption(jsonOption)
    .action(async (file: string, { json = false }: { json?: boolean }) => {
      await run(json, {}, (runtime, signal) => {
        const { pool, store, tokens, masterKey } = runtime;
        const masterKeySource = placeOfKey(runtime.config);
        const deps = { pool, store, tokens, masterKey, version, masterKeySource, documents: runtime.gate.store };
        return backupResult(deps, resolve(file), { progress: showProgress(), signal });
      });
    });

  program
    .command('restore')
    .description('restore a backup into an empty installation, then rebuild its read models')
    .argument('<file>', 'what orderlog backup has written')
    .addOption(jsonOption)
    .action(async (file: string, { json = false }: { json?: boolean }) => {
      await runWithout(json, (settings, signal) => {
        const { dataDir, eventStoreUrl, masterKey, keepBuildSeconds: keepSeconds } = settings;
        const deps = {
          ...{ dataDir, documents: documentStore(settings), projections, keepSeconds },
          masterKeySource: placeOfKey(settings),
          masterKey: masterKey ?? (existsSync(masterKeyFile(dataDir)) ? readMasterKey(dataDir) : null),
          openDatabase: (applicationName: string) =>
            openDatabase(settings, { migrate: false, applicationName, signal }),
          openLog: eventStoreUrl === null ? null : () => openLogAt(eventStoreUrl),
          openRuntime: () => openRuntime(settings, { log: problemLog, signal }),
        };
        return restoreResult(deps, resolve(file), { progress: showProgress(), signal });
      });
    });
}

function placeOfKey({ masterKey, dataDir }: Config): string {
  return masterKey ? 'MASTER_KEY' : masterKeyFile(dataDir);
}
