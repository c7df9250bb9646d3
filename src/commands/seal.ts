/** `orderlog seal`: seals the log up to now, and prints one line that an auditor keeps elsewhere. */
import { type Command, Option } from 'commander';
import { type Engine, type Position, print, type Progress, Refusal } from '../engine/index.js';
import { type CommandResult, jsonOption, WrongUse } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

type Seals = NonNullable<Engine['seals']>;
type PrintedSeal = Awaited<ReturnType<Seals['seal']>>;

export interface SealDeps {
  readonly engine: Pick<Engine, 'seals'>;
  readonly tokens: { encode(position: Position): string };
}

interface Options {
  readonly check?: string;
  readonly publicKey?: boolean;
  readonly setBack?: string;
  readonly json?: boolean;
}

export function addSeal(program: Command, run: Run<SealDeps>): void {
  program
    .command('seal')
    .description('sign the log as it is now and print one line for an auditor to keep elsewhere')
    .addOption(
      new Option('--check <line>', 'compare the log with a line that was kept elsewhere, and seal nothing').conflicts([
        'setBack',
        'publicKey',
      ]),
    )
    .addOption(new Option('--public-key', 'print the key that checks the signatures').conflicts('setBack'))
    .option(
      '--set-back <reason>',
      'make void the seals that the log does not fit any more; the reason is kept for good',
    )
    .addOption(jsonOption)
    .action(async ({ publicKey = false, json = false, ...rest }: Options) => {
      await run(json, { migrate: true }, (deps, signal) =>
        sealResult(deps, { ...rest, publicKey, signal, progress: showProgress() }),
      );
    });
}

export interface SealCommand {
  /** Print the key alone. */
  readonly publicKey: boolean;
  /** A seal that was kept elsewhere: compare, and make none. */
  readonly check?: string;
  /** Why seals that do not fit the log any more are made void. */
  readonly setBack?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Exit code 1 where the log does not fit. @throws WrongUse, and Error where the seals in the database do not fit the log */
export async function sealResult(deps: SealDeps, command: SealCommand): Promise<CommandResult> {
  const { seals } = deps.engine;
  if (!seals) throw new WrongUse('the log of this installation is not sealed');
  if (command.publicKey) return { document: { public_key: seals.publicKey }, text: seals.publicKey, exitCode: 0 };
  if (command.check !== undefined) return compared(seals, command.check, deps, command);
  if (command.setBack === undefined) return printed(deps, await seals.seal(command));
  const reason = command.setBack.trim();
  if (reason === '') throw new WrongUse('say why with --set-back: the reason is signed and kept');
  const seal = await seals.setBack(reason, command.signal);
  if (!seal) throw new WrongUse('all seals fit the log: there is nothing to set back');
  const remark = `the seals of all events after ${seal.after} are void now; orderlog seal makes new ones`;
  return { ...printed(deps, seal), remark };
}

function printed({ tokens }: SealDeps, seal: PrintedSeal): CommandResult {
  const document = {
    seal: seal.line,
    number: seal.number,
    log_id: seal.logId,
    events: seal.through,
    position: tokens.encode(seal.position),
    chain: seal.chain.toString('hex'),
    sealed_at: seal.sealedAt,
    public_key: seal.key,
    reason: seal.reason,
  };
  return { document, text: seal.line, exitCode: 0 };
}

async function compared(seals: Seals, line: string, { tokens }: SealDeps, work: SealCommand): Promise<CommandResult> {
  const { findings, sealed, unsealed, notes } = await seals.compare({ line, tokens }, work).catch((error: unknown) => {
    throw error instanceof Refusal ? new WrongUse(error.message, { cause: error }) : error;
  });
  const ok = findings.length === 0;
  const lines = [
    ...findings.map((finding) => `FINDING  ${finding}`),
    ...notes.map((note) => `note     ${note}`),
    `${ok ? 'the log fits the seal' : 'THE LOG DOES NOT FIT'}: ${sealed} events are sealed, ${unsealed} are not yet`,
  ];
  return { document: { ok, sealed, unsealed, findings, notes }, text: print.lines(lines), exitCode: ok ? 0 : 1 };
}
