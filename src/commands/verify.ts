/** `orderlog verify`. */
import type { Command } from 'commander';
import {
  type AnyProjection,
  type Engine,
  errors,
  type Position,
  print,
  type Progress,
  Refusal,
} from '../engine/index.js';
import { chosen } from './chosen.js';
import { type CommandResult, jsonOption, WrongUse } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';
import { brief } from './verify-brief.js';
import { table } from './table.js';

type Verified = Awaited<ReturnType<Engine['verify']>>;

export interface VerifyCommand {
  readonly models: readonly string[];
  /** A seal that was kept elsewhere. */
  readonly seal?: string;
  /** The document is of a bounded size. */
  readonly brief?: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface VerifyCommandDeps {
  readonly engine: Pick<Engine, 'verify' | 'pool'>;
  readonly projections: readonly AnyProjection[];
  readonly tokens: { encode(position: Position): string };
  /** Of the documents that are stored, page by page; null where they can't be listed. */
  readonly documents: () => AsyncIterable<readonly string[]>;
  /** What is wrong with the users' proofs of identity. */
  readonly unreadableProofs: (signal: AbortSignal) => AsyncIterable<string>;
}

/** What the command is given: the documents are listed by their store. */
export type VerifyRuntime = Omit<VerifyCommandDeps, 'documents'> & {
  readonly gate: { readonly store: { list(): AsyncIterable<readonly string[]> } };
};

const TRIES = 3;

export function addVerify(program: Command, run: Run<VerifyRuntime>): void {
  program
    .command('verify')
    .description('project the log a second time and compare the rows of the active builds with it; changes nothing')
    .argument('[models...]', 'their names; all if left out')
    .option('--seal <line>', 'a line that orderlog seal printed earlier: the log must still fit it')
    .option('--brief', 'with --json: shorten values, and leave out all but the first differences, findings and notes')
    .addOption(jsonOption)
    .action((models: string[], options: { seal?: string; brief?: boolean; json?: boolean }) => {
      const { seal, json = false, brief: isBrief = false } = options;
      return run(json, { inBackground: true }, (runtime, signal) => {
        const deps = { ...runtime, documents: () => runtime.gate.store.list() };
        const command = { models, signal, progress: showProgress(), brief: isBrief };
        return verifyResult(deps, { ...command, ...(seal !== undefined && { seal }) });
      });
    });
}

/** Exit code 1 with a difference or a failed check. @throws WrongUse for a model that there is not, or a text that is no seal */
export async function verifyResult(deps: VerifyCommandDeps, command: VerifyCommand): Promise<CommandResult> {
  const projections = chosen(deps.projections, command.models);
  const begun = performance.now();
  const compared = await once(deps, projections, command);
  command.progress.start('documents', null);
  const findings: string[] = [];
  for await (const finding of deps.unreadableProofs(command.signal)) findings.push(finding);
  const documents = { check: 'documents', ok: findings.length === 0, findings };
  const verified = { ...compared, ok: compared.ok && documents.ok, checks: [...compared.checks, documents] };
  command.progress.stop();
  const seconds = (performance.now() - begun) / 1_000;
  const document = inTokens(command.brief ? brief(verified) : verified, deps.tokens);
  return { document, text: verifiedText(verified, seconds), exitCode: verified.ok ? 0 : 1 };
}

async function once(
  deps: VerifyCommandDeps,
  projections: readonly AnyProjection[],
  { progress, signal, seal }: VerifyCommand,
): Promise<Verified> {
  for (let tries = 1; ; tries++) {
    try {
      return await deps.engine.verify(projections, {
        ...{ signal, tokens: deps.tokens, ...(seal !== undefined && { seal }) },
        stretch: (what, total) => {
          progress.start(what, total);
        },
        done: (by) => {
          progress.advance(by);
        },
        async notes(witness) {
          const unnamed: string[] = [];
          for await (const page of deps.documents()) unnamed.push(...(await witness.unnamed(deps.engine.pool, page)));
          return unnamed.map((id) => `the document ${id} is named by no event`);
        },
      });
    } catch (error) {
      progress.stop();
      if (error instanceof Refusal) throw new WrongUse(error.message, { cause: error });
      if (!(error instanceof errors.ChangedMeanwhile) || tries >= TRIES) throw error;
    }
  }
}

function inTokens(verified: Verified, tokens: VerifyCommandDeps['tokens']): object {
  const models = verified.models.map((model) => ({
    ...model,
    position: tokens.encode(model.position),
    differences: model.differences.map((difference) => ({
      ...difference,
      events: difference.events.map((event) => ({ ...event, position: tokens.encode(event.position) })),
    })),
  }));
  return { ...verified, models };
}

const SHOWN_NOTES = 20;
/** Of a value, which may be a whole row. `--json` has all of it. */
const MOST_SHOWN = 200;
/** Of a finding. */
const MOST_TOLD = 1_000;

function verifiedText({ ok, models, checks, notes }: Verified, seconds: number): string {
  const rows = models.map(({ name, version, rows, events, differences }) => [
    name,
    `v${version}`,
    `${rows} rows`,
    `${events} events`,
    differences.length === 0 ? 'as the log says' : `${differences.length} DIFFERENCES`,
  ]);
  const differences = models.flatMap(({ name, differences }) =>
    differences.flatMap(({ table: of, key, column, live, replayed, events }) => [
      `DIFFERENCE ${name}.${of} ${print.shortened(key, MOST_SHOWN)}, ${column}: live ${shown(live)}, by the log ${shown(replayed)}`,
      ...events.map((event) => `    ${event.stream}@${event.revision}  ${event.type}  ${event.recorded_at}`),
    ]),
  );
  const findings = checks.flatMap(({ check, ok: fine, findings }) =>
    fine
      ? [`ok         ${check}`]
      : findings.map((finding) => `FINDING    ${check}: ${print.shortened(finding, MOST_TOLD)}`),
  );
  const told = notes.slice(0, SHOWN_NOTES).map((note) => `note       ${note}`);
  if (notes.length > SHOWN_NOTES) told.push(`note       and ${notes.length - SHOWN_NOTES} more`);
  const sum = models.reduce((all, { rows, events }) => ({ rows: all.rows + rows, events: all.events + events }), {
    rows: 0,
    events: 0,
  });
  const verdict = ok ? 'verified' : 'NOT VERIFIED';
  const end = `${verdict}: ${sum.rows} rows against ${sum.events} events in ${seconds.toFixed(1)} s`;
  const head = ['model', 'build', '', '', ''];
  return print.lines([...table([head, ...rows]), ...differences, ...findings, ...told, end]);
}

function shown(value: string | null): string {
  if (value === null) return 'nothing';
  return print.shortened(value, MOST_SHOWN);
}
