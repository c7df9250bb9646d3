/** `orderlog import`. */
import { type Command, Option } from 'commander';
import type { Progress } from '../engine/index.js';
import { describeImport } from '../import/describe.js';
import type { ImportResult } from '../import/run.js';
import { jsonOption } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

export interface ImportSettings {
  readonly dryRun: boolean;
  readonly onError: 'stop' | 'report';
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface ImportDeps {
  import(dir: string, settings: ImportSettings): Promise<ImportResult>;
}

export function addImport(program: Command, run: Run<ImportDeps>): void {
  program
    .command('import')
    .description(
      'import a folder of categories.csv, products.csv, stock.csv, users.csv and orders.ndjson, .gz accepted',
    )
    .argument('<dir>', 'the folder')
    .option('--dry-run', 'check only')
    .addOption(
      new Option('--on-error <what>', 'with findings: stop, or leave the bad rows out and report them')
        .choices(['stop', 'report'])
        .default('stop'),
    )
    .addOption(jsonOption)
    .action((dir: string, options: { dryRun?: boolean; onError: 'stop' | 'report'; json?: boolean }) => {
      const { dryRun = false, onError, json = false } = options;
      return run(json, { migrate: true }, async (runtime, signal) =>
        describeImport(await runtime.import(dir, { dryRun, onError, progress: showProgress(), signal }), dryRun),
      );
    });
}
