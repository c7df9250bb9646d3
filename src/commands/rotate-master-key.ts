/** `orderlog keys rotate-master`: wraps every key with another master key, while everything runs. */
import type pg from 'pg';
import { loadOrCreateNextMasterKey, replaceMasterKey } from '../crypto/master-key.js';
import { masterKey, type MasterKeys } from '../crypto/master-keys.js';
import { rotateMasterKey } from '../crypto/rotate-master-key.js';
import { print, type Progress } from '../engine/index.js';
import type { Command } from 'commander';
import { type CommandResult, jsonOption, secondsSince, WrongUse } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

export interface RotateDeps {
  readonly pool: pg.Pool;
  readonly masters: MasterKeys;
  readonly config: {
    readonly dataDir: string;
    /** Null: it is in the data folder. */
    readonly masterKey: Uint8Array | null;
    readonly nextMasterKey: Uint8Array | null;
  };
}

/** @param keys the group of commands that it belongs to */
export function addRotateMaster(keys: Command, run: Run<RotateDeps>): void {
  keys
    .command('rotate-master')
    .description('wrap every key with another master key, while everything runs; resumes an interrupted rotation')
    .addOption(jsonOption)
    .action(({ json = false }: { json?: boolean }) =>
      run(json, {}, (deps, signal) => rotateMasterResult(deps, { progress: showProgress(), signal })),
    );
}

/** @throws WrongUse where the next key is not set */
export async function rotateMasterResult(
  { pool, masters, config }: RotateDeps,
  options: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<CommandResult> {
  const begun = performance.now();
  const { dataDir } = config;
  const isInFolder = config.masterKey === null;
  const next = isInFolder ? loadOrCreateNextMasterKey(dataDir) : config.nextMasterKey;
  if (!next) {
    throw new WrongUse(
      'MASTER_KEY_NEXT is not set: set it to the new key beside MASTER_KEY, for every process, restart them, and run this again',
    );
  }
  const rotated = await rotateMasterKey(pool, masters, masterKey(next), options);
  // Running processes hold the next key by now, or find it in the folder.
  if (isInFolder) replaceMasterKey(dataDir);
  const seconds = secondsSince(begun);
  return {
    document: { ...rotated, seconds },
    text: print.lines([
      `${print.plural(rotated.keys, 'key')} of users and the secrets are wrapped by the new master key, ` +
        `${rotated.rewrapped} of them by this run, in ${seconds} s`,
      isInFolder
        ? `the new key is in ${dataDir}/master.key: keep a copy elsewhere`
        : 'next: set MASTER_KEY to the new key, unset MASTER_KEY_NEXT, and restart every process',
      'a backup that was made before needs the old master key: keep it for as long as you keep that backup, then destroy it',
    ]),
    exitCode: 0,
  };
}
