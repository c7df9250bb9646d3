/** `orderlog quarantine list`, `retry` and `skip` (docs/decisions/0012). */
import { type Command, Option } from 'commander';
import { type AnyProjection, type Engine, errors, print } from '../engine/index.js';
import { buildOf, type QuarantineDeps, quarantineOf, type Quarantining, retryIn, skipIn } from '../ops/quarantine.js';
import { chosen } from './chosen.js';
import { type CommandResult, jsonOption, WrongUse } from './output.js';
import type { Run } from './run.js';
import { table } from './table.js';

type RetriedKey = Awaited<ReturnType<Engine['retryQuarantined']>>[number];

export interface QuarantineCommandDeps extends QuarantineDeps {
  readonly projections: readonly AnyProjection[];
}

/** A read model or a reactor; all if there is none. */
export interface OfModel {
  readonly model?: string | undefined;
}

const REMEDIES: Readonly<Record<InstanceType<typeof errors.NotQuarantined>['remedy'], string>> = {
  list: 'orderlog quarantine list shows the keys that do',
  'one-event': 'retry it first, or name the event that it waits at: STREAM@REVISION',
  retry: 'what is read does not need it; retry the key, or leave the kept build to its end',
  'newer-release': 'start a process of that release, which applies the event; then retry a key that still waits',
};

/** Adds `orderlog quarantine` and its subcommands. */
export function addQuarantine(program: Command, run: Run<QuarantineCommandDeps>): void {
  const quarantine = program
    .command('quarantine')
    .description('list, retry or skip quarantined keys: orders or users with an event that could not be applied')
    .configureHelp({ sortSubcommands: false });
  const modelOption = new Option('--model <name>', 'of this read model or reactor only');

  quarantine
    .command('list')
    .description('list the quarantined keys with their causes, and the skipped events')
    .addOption(modelOption)
    .addOption(jsonOption)
    .action(({ model, json = false }: { model?: string; json?: boolean }) =>
      run(json, {}, (runtime) => listResult(runtime, { model })),
    );

  quarantine
    .command('retry')
    .description('apply the events of quarantined keys again, in order; all keys if you name none')
    .argument('[streams...]', 'the keys, as the list names them: order-… or user-…')
    .addOption(modelOption)
    .addOption(jsonOption)
    .action((streams: string[], { model, json = false }: { model?: string; json?: boolean }) =>
      run(json, { migrate: true }, (runtime) => retryResult(runtime, { streams, model })),
    );

  quarantine
    .command('skip')
    .description('leave out for good the event at which a key or a model has stopped, and apply the later ones')
    .argument('<stream>', 'the stream as the list names it, better with the revision: order-…@1, product-…@0')
    .requiredOption('--reason <text>', 'why; it is kept, and verify tells it')
    .addOption(modelOption)
    .addOption(jsonOption)
    .action((stream: string, options: { reason: string; model?: string; json?: boolean }) => {
      const { reason, model, json = false } = options;
      return run(json, { migrate: true }, (runtime) => skipResult(runtime, { stream, reason, model }));
    });
}

/** What waits, and what was skipped. @throws WrongUse for a model that there is not */
export async function listResult(deps: QuarantineCommandDeps, { model }: OfModel): Promise<CommandResult> {
  const document = await quarantineOf(deps, modelsOf(deps, model));
  const { quarantined, skipped, stopped } = document;
  const stops = stopped.map(
    (one) => `STOPPED  ${one.model}  ${numbered(one.version)}  ${one.stream}@${one.revision}: ${one.error}`,
  );
  const lines = quarantined.map((one) => [
    one.model,
    numbered(one.version),
    `${one.stream}@${one.revision}`,
    one.type,
    one.waiting === 1 ? '1 event waits' : `${one.waiting} events wait`,
    `since ${one.since}`,
    one.error,
  ]);
  const reasons = skipped.map(
    (one) => `skipped  ${one.model}  ${one.stream}@${one.revision}  ${one.type}: ${one.reason}`,
  );
  const head = ['model', 'build', 'waits at', '', '', '', 'why'];
  const text = print.lines([...(lines.length > 0 ? table([head, ...lines]) : ['nothing waits']), ...stops, ...reasons]);
  return { document, text, exitCode: 0 };
}

/** Retries keys: those of these streams, or all. 1 if one of them is still quarantined. @throws WrongUse */
export async function retryResult(
  deps: QuarantineCommandDeps,
  { streams, model }: OfModel & { readonly streams: readonly string[] },
): Promise<CommandResult> {
  const { document, keys } = await retryIn(deps, modelsOf(deps, model), streams).catch(asWrongUse);
  return { document, ...printed(deps, keys) };
}

/** Skips the event that keys are quarantined or models have stopped at. 1 if a key is quarantined again. @throws WrongUse, ModelBusy */
export async function skipResult(
  deps: QuarantineCommandDeps,
  { stream, reason, model }: OfModel & { readonly stream: string; readonly reason: string },
): Promise<CommandResult> {
  if (!/[^\s\p{C}]/u.test(reason)) throw new WrongUse('say why the event is skipped: --reason TEXT');
  const skip = skipIn(deps, modelsOf(deps, model), stream, reason);
  const { document, keys, passed } = await skip.catch(asWrongUse);
  const lines = passed.map(
    ({ build, stream: at, revision }) =>
      `${build.name} v${build.build}  ${at}: revision ${revision} is skipped, the model continues behind it`,
  );
  return { document, ...printed(deps, keys, lines) };
}

function asWrongUse(error: unknown): never {
  if (!(error instanceof errors.NotQuarantined)) throw error;
  throw new WrongUse(`${error.message}: ${REMEDIES[error.remedy]}`, { cause: error });
}

/** The number of a build; a reactor has none. */
function numbered(build: number | null): string {
  return build === null ? '' : `v${build}`;
}

function printed(
  deps: QuarantineDeps,
  keys: readonly RetriedKey[],
  more: readonly string[] = [],
): { text: string; exitCode: 0 | 1 } {
  const lines = keys.map(({ build, before, now, events, skipped }) => {
    const skip = skipped ? `revision ${before.revision} is skipped, ` : '';
    const of = `${build.name} ${numbered(buildOf(deps, build))}`.trimEnd();
    const effect = `${of}  ${before.stream}: ${skip}events that have taken effect: ${events}`;
    return now ? `${effect}, WAITS at ${now.revision}: ${now.message}` : effect;
  });
  const all = [...lines, ...more];
  const text = all.length > 0 ? print.lines(all) : 'nothing waits';
  return { text, exitCode: keys.some(({ now }) => now) ? 1 : 0 };
}

function modelsOf({ projections, engine }: QuarantineCommandDeps, model: string | undefined): readonly Quarantining[] {
  return chosen([...projections, ...engine.reactors], model === undefined ? [] : [model], 'read model or reactor');
}
