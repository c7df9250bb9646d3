/** `orderlog rebuild` and `orderlog rollback`. */
import {
  type AnyProjection,
  type Engine,
  NoStandby,
  type Progress,
  type Rebuilt,
  type RollbackOptions,
  WorseThanLive,
} from '../engine/index.js';
import { type CommandResult, WrongUse } from './output.js';
import { table } from './table.js';

export interface RebuildCommandDeps {
  readonly engine: Pick<Engine, 'rebuild' | 'planRebuild' | 'rollback'>;
  readonly projections: readonly AnyProjection[];
}

export interface RebuildCommand {
  readonly models: readonly string[];
  readonly jobs: number;
  readonly dryRun: boolean;
  readonly switch: boolean;
  readonly keepSeconds: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** @throws WrongUse for a model that there is not, and what rebuilding throws */
export async function rebuildResult(deps: RebuildCommandDeps, command: RebuildCommand): Promise<CommandResult> {
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

/** The read models of these names, in the order of the registry; all if there are none. @throws WrongUse */
export function chosen(projections: readonly AnyProjection[], names: readonly string[]): readonly AnyProjection[] {
  const unknown = names.filter((name) => !projections.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = projections.map(({ name }) => name).join(', ');
    throw new WrongUse(`there is no read model ${unknown.join(', ')}: there are ${known}`);
  }
  return names.length === 0 ? projections : projections.filter(({ name }) => names.includes(name));
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
    `v${model.version}${model.resumes ? ', goes on' : ''}`,
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

export interface RollbackCommand extends RollbackOptions {
  readonly model: string;
}

/** Back to the build that was active before the last switch. @throws WrongUse */
export async function rollbackResult(
  deps: RebuildCommandDeps,
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
  if (error instanceof NoStandby) {
    const why = `there is no build of ${model} to go back to: it is kept for an hour, or to the next switch`;
    return new WrongUse(why, { cause: error });
  }
  if (!(error instanceof WorseThanLive)) return error;
  return new WrongUse(
    `${error.loss}. First orderlog quarantine retry ${error.stream}, or go back all the same, with what waits left out ` +
      'of the answers: --degraded',
    { cause: error },
  );
}
