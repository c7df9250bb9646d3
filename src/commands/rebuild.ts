/** `orderlog rebuild`. */
import { type Command, InvalidArgumentError } from 'commander';
import type { AnyProjection, Engine, Progress } from '../engine/index.js';
import { chosen } from './chosen.js';
import { type CommandResult, jsonOption } from './output.js';
import { problemLog } from './problem-log.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';
import { table } from './table.js';

type Rebuilt = Awaited<ReturnType<Engine['rebuild']>>[number];

export interface RebuildCommandDeps {
  readonly engine: Pick<Engine, 'rebuild' | 'planRebuild'>;
  readonly projections: readonly AnyProjection[];
}

export interface RebuildCommand {
  readonly models: readonly string[];
  /** Null: as many as there are cores to use. */
  readonly jobs: number | null;
  readonly dryRun: boolean;
  readonly switch: boolean;
  readonly keepSeconds: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export function addRebuild(
  program: Command,
  run: Run<RebuildCommandDeps & { readonly config: { readonly keepBuildSeconds: number } }>,
): void {
  program
    .command('rebuild')
    .description('rebuild read models in the background, then switch to them; resume an interrupted rebuild')
    .argument('[models...]', 'their names; all if left out')
    .option(
      '--jobs <n>',
      'how many models are finished at the same time; by default on half of the cores, on all while no process projects',
      jobs,
    )
    .option('--dry-run', 'print what a rebuild would do')
    .option('--no-switch', 'leave the builds ready; the next rebuild switches to them')
    .addOption(jsonOption)
    .action((models: string[], options: { jobs?: number; dryRun?: boolean; switch: boolean; json?: boolean }) => {
      const { jobs = null, dryRun = false, json = false } = options;
      return run(json, { migrate: true, inBackground: true, log: problemLog }, (runtime, signal) => {
        const { keepBuildSeconds: keepSeconds } = runtime.config;
        const command = { models, jobs, dryRun, switch: options.switch, keepSeconds, signal, progress: showProgress() };
        return rebuildResult(runtime, command);
      });
    });
}

function jobs(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1 to 99.');
}

/** @throws WrongUse for a model that there is not, and what rebuilding throws */
async function rebuildResult(deps: RebuildCommandDeps, command: RebuildCommand): Promise<CommandResult> {
  const projections = chosen(deps.projections, command.models);
  if (command.dryRun) return dryRun(deps, projections);
  const { progress } = command;
  try {
    const models = await deps.engine.rebuild(projections, {
      ...command,
      stretch: (what, total) => {
        progress.start(what, total);
      },
      done: (by) => {
        progress.advance(by);
      },
    });
    progress.stop();
    return { document: { models }, text: rebuiltText(models), exitCode: 0 };
  } finally {
    progress.stop();
  }
}

/** What a rebuild would do: nothing is made. */
async function dryRun({ engine }: RebuildCommandDeps, projections: readonly AnyProjection[]): Promise<CommandResult> {
  const planned = await engine.planRebuild(projections);
  const models = planned.map(({ name, build, events, from, resumes }) => ({
    ...{ name, version: build, events, rows: 0, seconds: 0, switched: false, from, resumes },
  }));
  const rows = models.map((model) => [
    model.name,
    model.from === null ? 'none' : `v${model.from}`,
    `v${model.version}${model.resumes ? ', resumes' : ''}`,
    `${model.events} events`,
  ]);
  const text = [...table([['model', 'read now', 'would be built', ''], ...rows]), 'nothing was done'].join('\n');
  return { document: { models, dry_run: true }, text, exitCode: 0 };
}

function rebuiltText(models: readonly Rebuilt[]): string {
  const rows = models.map((model) => [
    model.name,
    `v${model.version}`,
    `${model.events} events`,
    `${model.rows} rows`,
    `${model.seconds} s`,
    model.switched ? 'switched' : 'ready, not switched',
  ]);
  return table([['model', 'build', '', '', '', ''], ...rows]).join('\n');
}
