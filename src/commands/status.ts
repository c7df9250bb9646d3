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
    .description('print the stores, the head of the log, and the position of each read model and reactor')
    .addOption(jsonOption)
    .action(({ json = false }: { json?: boolean }) => run(json, {}, statusResult));
}

/** The answer of `orderlog status`: the stores, the head of the log, and how far each read model and each reactor is. */
export async function statusResult(deps: StatusCommandDeps): Promise<CommandResult> {
  const { document, report, problems } = await readStatus(deps);
  const { models, reactors } = document;
  const covered = (await deps.engine.seals?.coverage()) ?? null;
  const header = `store ${document.store.kind}, head ${document.store.head}`;
  return {
    document,
    text: print.lines([
      ...[header, ...(covered ? [coverageLine(covered)] : []), ''],
      ...linesOf(['model', 'build'], models, report.models),
      ...(reactors.length > 0 ? ['', ...linesOf(['reactor', 'code version'], reactors, report.reactors)] : []),
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

type Documents = Status['document']['reactors'];
type Reports = Status['report']['reactors'];

/** What `version` of a document counts is for the heading to say: the builds of a read model, or the versions of a reactor's code. */
function linesOf(heading: readonly [string, string], documents: Documents, reports: Reports): readonly string[] {
  const rows = documents.map((one, i) => [
    one.name,
    `v${one.version}`,
    one.state,
    print.plural(one.lag_events, 'event'),
    `${one.lag_seconds} s`,
    connectionOf(reports[i]),
    reports[i]?.stop ?? '',
  ]);
  return table([[...heading, 'state', 'lag', 'age', '', ''], ...rows]);
}

function connectionOf(report: Reports[number] | undefined): string {
  if (!report?.subscription) return '';
  const { connectedSince, drops } = report.subscription;
  const reasons = Object.entries(drops).map(([reason, n]) => `${reason} ${n}`);
  const dropped = reasons.length === 0 ? '' : `, ${report.drops} drops (${reasons.join(', ')})`;
  return `${connectedSince === null ? 'not connected' : `connected since ${connectedSince}`}${dropped}`;
}
