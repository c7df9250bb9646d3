/** `orderlog rollback`. */
import type { Command } from 'commander';
import { type AnyProjection, type Engine, errors } from '../engine/index.js';
import { chosen } from './chosen.js';
import { type CommandResult, jsonOption, WrongUse } from './output.js';
import { problemLog } from './problem-log.js';
import type { Run } from './run.js';

type RollbackOptions = Parameters<Engine['rollback']>[1];

export interface RollbackCommandDeps {
  readonly engine: Pick<Engine, 'rollback'>;
  readonly projections: readonly AnyProjection[];
}

export interface RollbackCommand extends RollbackOptions {
  readonly model: string;
}

export function addRollback(
  program: Command,
  run: Run<RollbackCommandDeps & { readonly config: { readonly keepBuildSeconds: number } }>,
): void {
  program
    .command('rollback')
    .description('switch a read model back to its standby build')
    .argument('<model>', 'its name')
    .option('--degraded', 'allow a build with more quarantined keys than the active one')
    .addOption(jsonOption)
    .action((model: string, { degraded = false, json = false }: { degraded?: boolean; json?: boolean }) =>
      run(json, { migrate: true, log: problemLog }, (runtime, signal) => {
        const { keepBuildSeconds: keepSeconds } = runtime.config;
        return rollbackResult(runtime, { model, degraded, keepSeconds, signal });
      }),
    );
}

/** Back to the build that was active before the last switch. @throws WrongUse */
export async function rollbackResult(
  deps: RollbackCommandDeps,
  { model, ...options }: RollbackCommand,
): Promise<CommandResult> {
  const [projection] = chosen(deps.projections, [model]) as [AnyProjection];
  const { from, to } = await deps.engine.rollback(projection, options).catch((error: unknown) => {
    throw asWrongUse(error, model);
  });
  const text = `${model} is read from build ${to} again, not from ${from}`;
  return { document: { model, from, to }, text, exitCode: 0 };
}

function asWrongUse(error: unknown, model: string): unknown {
  if (error instanceof errors.NoStandby) {
    const why = `there is no build of ${model} to go back to: it is kept for an hour, or to the next switch`;
    return new WrongUse(why, { cause: error });
  }
  if (!(error instanceof errors.WorseThanLive)) return error;
  return new WrongUse(
    `${error.loss}. First run orderlog quarantine retry ${error.stream}, or roll back all the same, with what waits left out ` +
      'of the answers: --degraded, or "degraded": true in a job',
    { cause: error },
  );
}
