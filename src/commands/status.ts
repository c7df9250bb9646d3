import type { Command } from 'commander';
import { type Engine, print } from '../engine/index.js';
import { readStatus, type Status, type StatusDeps } from '../ops/status.js';
import { type CommandResult, jsonOption } from './output.js';
import type { Run } from './run.js';
import { table } from './table.js';

export interface StatusCommandDeps extends StatusDeps {
  readonly engine: StatusDeps['engine'] & Partial<Pick<Engine, 'seals'>>;
}

export function addStatus(program: Command, run: Run<StatusCommandDeps>): void {
  program
    .command('status')
    .description('print the stores, the head of the log, and the position of each read model')
    .addOption(jsonOption)
    .action(({ json = false }: { json?: boolean }) => run(json, {}, statusResult));
}

/** The answer of `orderlog status`: the stores, the head of the log, and how far each read model is. */
export async function statusResult(deps: StatusCommandDeps): Promise<CommandResult> {
  const { document, reports, problems } = await readStatus(deps);
  const rows = document.models.map((model, i) => [
    model.name,
    `v${model.version}`,
    model.state,
    `${model.lag_events} events`,
    `${model.lag_seconds} s`,
    connectionOf(reports[i]),
    reports[i]?.stop ?? '',
  ]);
  const covered = (await deps.engine.seals?.coverage()) ?? null;
  const header = `store ${document.store.kind}, head ${document.store.head}`;
  return {
    document,
    text: print.lines([
      ...[header, ...(covered ? [coverageLine(covered)] : []), ''],
      ...table([['model', 'version', 'state', 'lag', 'age', '', ''], ...rows]),
      ...problems,
    ]),
    exitCode: 0,
  };
}

type Coverage = NonNullable<Awaited<ReturnType<NonNullable<Engine['seals']>['coverage']>>>;

function coverageLine({ sealed, unsealed, sealedAt }: Coverage): string {
  const behind = unsealed === null ? 'before the log was moved' : `${unsealed} not yet`;
  return `${print.plural(sealed, 'event')} sealed at ${sealedAt}, ${behind}`;
}

function connectionOf(model: Status['reports'][number] | undefined): string {
  if (!model?.subscription) return '';
  const { connectedSince, drops } = model.subscription;
  const reasons = Object.entries(drops).map(([reason, n]) => `${reason} ${n}`);
  const dropped = reasons.length === 0 ? '' : `, ${model.drops} drops (${reasons.join(', ')})`;
  return `${connectedSince === null ? 'not connected' : `connected since ${connectedSince}`}${dropped}`;
}
