/** `orderlog restore`. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { restoreResult, type RestoreCommandDeps } from '../backup/command.js';
import { jsonOption } from './output.js';
import { showProgress } from './progress.js';
import type { RunWithout } from './run.js';

/** @param of what it takes, from the configuration alone: the installation is not there yet */
export function addRestore<Settings>(
  program: Command,
  runWithout: RunWithout<Settings>,
  of: (settings: Settings, signal: AbortSignal, erasedList: string | undefined) => Promise<RestoreCommandDeps>,
): void {
  program
    .command('restore')
    .description('restore a backup into an empty installation, then rebuild its read models')
    .argument('<file>', 'the file that orderlog backup wrote')
    .option(
      '--erased <list>',
      'file with the ids of users erased since the backup; by default erased-users.txt in the data folder',
    )
    .addOption(jsonOption)
    .action((file: string, { erased, json = false }: { erased?: string; json?: boolean }) =>
      runWithout(json, async (settings, signal) =>
        restoreResult(await of(settings, signal, erased), resolve(file), { progress: showProgress(), signal }),
      ),
    );
}
