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
  of: (settings: Settings, signal: AbortSignal) => RestoreCommandDeps,
): void {
  program
    .command('restore')
    .description('restore a backup into an empty installation, then rebuild its read models')
    .argument('<file>', 'what orderlog backup has written')
    .addOption(jsonOption)
    .action((file: string, { json = false }: { json?: boolean }) =>
      runWithout(json, (settings, signal) =>
        restoreResult(of(settings, signal), resolve(file), { progress: showProgress(), signal }),
      ),
    );
}
