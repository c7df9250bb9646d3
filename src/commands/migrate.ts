/** `orderlog migrate`. */
import type { Command } from 'commander';
import type { Progress } from '../engine/index.js';
import { describeImport } from '../import/describe.js';
import type { ImportResult } from '../import/run.js';
import { jsonOption } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

export interface MigrateDeps {
  /** Names of the migrations that opening has applied. */
  readonly applied: readonly string[];
  readonly sow: (progress: Progress, signal: AbortSignal) => Promise<ImportResult | null>;
}

export function addMigrate(program: Command, run: Run<MigrateDeps>): void {
  program
    .command('migrate')
    .description('bring the schema up to date, then sow the master data (SEED)')
    .addOption(jsonOption)
    .action(({ json = false }: { json?: boolean }) =>
      run(json, { migrate: true }, async ({ applied, sow }, signal) => {
        const sown = await sow(showProgress(), signal);
        if (sown && sown.findings.length > 0) return describeImport(sown, false);
        const document = { applied, sown: sown?.appended ?? 0 };
        const text = `${applied.length} migrations applied, ${document.sown} events sown`;
        return { document, text, exitCode: 0 };
      }),
    );
}
