/** `orderlog replay`: read models as they were, each in a schema of its own. */
import type { Command } from 'commander';
import { type AnyProjection, type Engine, errors, type Position, type Progress } from '../engine/index.js';
import { chosen } from './chosen.js';
import { type CommandResult, jsonOption, secondsSince, WrongUse } from './output.js';
import { problemLog } from './problem-log.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';
import { table } from './table.js';

export interface ReplayDeps {
  readonly engine: Pick<Engine, 'asOf' | 'resolvePoint'>;
  readonly tokens: { encode(position: Position): string; decode(token: string): Position };
  readonly projections: readonly AnyProjection[];
}

export interface ReplayCommand {
  /** A token of the log, or a time. */
  readonly until: string;
  readonly models: readonly string[];
  /** For how long an as-of build is kept since it was last used. */
  readonly keepSeconds: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

interface Replayed {
  readonly name: string;
  readonly schema: string;
  readonly position: string;
  readonly rows: number;
  readonly events: number;
  readonly seconds: number;
  readonly reused: boolean;
}

export function addReplay(
  program: Command,
  run: Run<ReplayDeps & { readonly config: { readonly snapshotKeepSeconds: number } }>,
): void {
  program
    .command('replay')
    .description('make as-of builds: read models as they were at a position or time, each in a schema of its own')
    .argument('[models...]', 'their names; all if left out')
    .requiredOption('--until <point>', 'the position that an answer or an event names, or an RFC 3339 time')
    .addOption(jsonOption)
    .action((models: string[], { until, json = false }: { until: string; json?: boolean }) =>
      run(json, { migrate: true, log: problemLog }, (runtime, signal) => {
        const { snapshotKeepSeconds: keepSeconds } = runtime.config;
        return replayResult(runtime, { until, models, keepSeconds, signal, progress: showProgress() });
      }),
    );
}

/** As long as it takes; the longest that a timer can be set to. */
const FOR_EVER_MS = 2 ** 31 - 1;

/** @throws WrongUse for a point or a model that there is not, and what making an as-of build throws */
async function replayResult(deps: ReplayDeps, command: ReplayCommand): Promise<CommandResult> {
  const { progress, signal, keepSeconds } = command;
  const projections = chosen(deps.projections, command.models);
  const until = await pointOf(deps, command.until);
  const position = deps.tokens.encode(until);
  const models: Replayed[] = [];
  // What is broken off is begun again by the next who asks.
  const leave = (): void => void deps.engine.asOf.close();
  signal.addEventListener('abort', leave, { once: true });
  progress.start('models', projections.length);
  try {
    for (const { name } of projections) {
      signal.throwIfAborted();
      const begun = performance.now();
      const { build, reused } = await deps.engine.asOf.at(name, until, FOR_EVER_MS);
      const seconds = secondsSince(begun);
      const { rows, events } = build;
      models.push({ name, schema: deps.engine.asOf.schemaOf(build), position, rows, events, seconds, reused });
      progress.advance();
    }
  } finally {
    progress.stop();
    signal.removeEventListener('abort', leave);
  }
  const text = [...replayedText(models), `each is kept for ${keepSeconds} s after it was last used`].join('\n');
  return { document: { position, models }, text, exitCode: 0 };
}

async function pointOf(deps: ReplayDeps, until: string): Promise<Position> {
  try {
    return await deps.engine.resolvePoint(until, deps.tokens, FOR_EVER_MS);
  } catch (error) {
    if (!(error instanceof errors.BadPoint)) throw error;
    throw new WrongUse(`--until ${until}: it ${error.message}`, { cause: error });
  }
}

function replayedText(models: readonly Replayed[]): string[] {
  const rows = models.map((model) => [
    model.name,
    model.schema,
    model.position,
    `${model.rows} rows`,
    `${model.events} events`,
    `${model.seconds} s`,
    model.reused ? 'was there' : 'made',
  ]);
  return table([['model', 'schema', 'position', '', '', '', ''], ...rows]);
}
