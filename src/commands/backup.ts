/** `orderlog backup`. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { backupResult, type BackupCommandDeps } from '../backup/command.js';
import { jsonOption } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

/** What the command is given: the documents are in their store. */
export type BackupRuntime = Omit<BackupCommandDeps, 'documents' | 'masterKey' | 'masterKeySource' | 'version'> & {
  readonly masters: { readonly active: { readonly bytes: Uint8Array } };
  readonly gate: { readonly store: BackupCommandDeps['documents'] };
};

/** @param of where the master key is, and the version of this program */
export function addBackup<Runtime extends BackupRuntime>(
  program: Command,
  run: Run<Runtime>,
  of: (runtime: Runtime) => Pick<BackupCommandDeps, 'masterKeySource' | 'version'>,
): void {
  program
    .command('backup')
    .description('write log, key store and documents into one file, even while serve runs; without the master key')
    .argument('<file>', 'the tar file to write; it must not exist yet')
    .addOption(jsonOption)
    .action((file: string, { json = false }: { json?: boolean }) =>
      run(json, {}, (runtime, signal) => {
        const { engine, tokens, masters } = runtime;
        const masterKey = masters.active.bytes;
        const deps = { engine, tokens, masterKey, ...of(runtime), documents: runtime.gate.store };
        return backupResult(deps, resolve(file), { progress: showProgress(), signal });
      }),
    );
}
