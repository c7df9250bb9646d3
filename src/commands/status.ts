import type { Command } from 'commander';
import { type Engine, type Position, print } from '../engine/index.js';
import { leftOfRestore } from '../backup/restore-note.js';
import { type CommandResult, jsonOption } from './output.js';
import type { Run } from './run.js';
import { table } from './table.js';

/** Counting what a read model lacks ends here. */
const CAP = 1_000_000;

export interface StatusDeps {
  readonly engine: Pick<Engine, 'report' | 'store'> & Partial<Pick<Engine, 'seals'>>;
  readonly tokens: { encode(position: Position): string };
  readonly config: { readonly dataDir: string };
}

export function addStatus(program: Command, run: Run<StatusDeps>): void {
  program
    .command('status')
    .description('print the stores, the head of the log, and the position of each read model')
    .addOption(jsonOption)
    .action(({ json = false }: { json?: boolean }) => run(json, {}, statusResult));
}

/** The answer of `orderlog status`: the stores, the head of the log, and how far each read model is. */
export async function statusResult({ engine, tokens, config }: StatusDeps): Promise<CommandResult> {
  const { store } = engine;
  const head = await store.head();
  const { models: statuses, heldSnapshot } = await engine.report({ cap: CAP });
  const models = statuses.map((status) => ({
    name: status.name,
    version: status.version,
    checkpoint: tokens.encode(status.checkpoint),
    lag_events: status.lag_events,
    lag_seconds: Math.round(status.lag_seconds * 1_000) / 1_000,
    state: status.state,
    quarantined: status.quarantined,
    ...(status.subscription && { subscription: subscriptionOf(status.subscription) }),
    ...(status.error && { error: { ...status.error, position: tokens.encode(status.error.position) } }),
  }));
  const rows = models.map((model, i) => [
    model.name,
    `v${model.version}`,
    model.state,
    `${model.lag_events} events`,
    `${model.lag_seconds} s`,
    connectionOf(statuses[i]),
    statuses[i]?.stop ?? '',
  ]);
  const unmade = statuses.filter(({ isReadable }) => !isReadable);
  const notes = [leftOfRestore(config.dataDir, unmade), heldSnapshot].filter((one) => one !== null);
  const told = [...statuses.map(({ problem }) => problem), ...statuses.map(({ degradation }) => degradation)];
  const problems = [...notes, ...told].filter((one) => one !== null);
  const covered = (await engine.seals?.coverage()) ?? null;
  const header = `store ${store.kind}, head ${tokens.encode(head)}`;
  return {
    document: {
      store: { kind: store.kind, head: tokens.encode(head) },
      models,
      ...(notes.length > 0 && { notes }),
    },
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

type ModelReport = Awaited<ReturnType<Engine['report']>>['models'][number];
type Subscription = NonNullable<ModelReport['subscription']>;

function subscriptionOf({ connectedSince, drops, lastEventAt }: Subscription): object {
  return { connected_since: connectedSince, drops, last_event_at: lastEventAt };
}

function connectionOf(model: ModelReport | undefined): string {
  if (!model?.subscription) return '';
  const { connectedSince, drops } = model.subscription;
  const reasons = Object.entries(drops).map(([reason, n]) => `${reason} ${n}`);
  const dropped = reasons.length === 0 ? '' : `, ${model.drops} drops (${reasons.join(', ')})`;
  return `${connectedSince === null ? 'not connected' : `connected since ${connectedSince}`}${dropped}`;
}
