import type { Command } from 'commander';
import type pg from 'pg';
import {
  allBuilds,
  type AnyProjection,
  degradationOf,
  dropsOf,
  heldSnapshot,
  type EventStore,
  type ModelStatus,
  modelStatuses,
  type Position,
  printableLines,
  problemOf,
  readBuild,
  stopMessage,
} from '../engine/index.js';
import { leftOfRestore } from '../backup/restore-note.js';
import { type CommandResult, jsonOption } from './output.js';
import type { Run } from './run.js';
import { table } from './table.js';

/** Counting what a read model lacks ends here. */
const CAP = 1_000_000;

export interface StatusDeps {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly projections: readonly AnyProjection[];
  readonly tokens: { encode(position: Position): string };
  readonly config: { readonly dataDir: string };
}

export function addStatus(program: Command, run: Run<StatusDeps>): void {
  program
    .command('status')
    .description('the stores, the head of the log, and how far each read model is')
    .addOption(jsonOption)
    .action(({ json = false }: { json?: boolean }) => run(json, {}, statusResult));
}

/** The answer of `orderlog status`: the stores, the head of the log, and how far each read model is. */
export async function statusResult({ pool, store, projections, tokens, config }: StatusDeps): Promise<CommandResult> {
  const head = await store.head();
  const statuses = await modelStatuses({ pool, store, projections }, { cap: CAP });
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
    connectionOf(statuses[i]?.subscription ?? null),
    model.error ? stopMessage(model.error) : '',
  ]);
  const builds = await allBuilds(pool);
  const unmade = statuses.filter((_, i) => readBuild(builds, projections[i] as AnyProjection) === null);
  const notes = [leftOfRestore(config.dataDir, unmade), await heldSnapshot(pool)].filter((one) => one !== null);
  const problems = [...notes, ...statuses.map(problemOf), ...statuses.map(degradationOf)].filter((one) => one !== null);
  const header = `store ${store.kind}, head ${tokens.encode(head)}`;
  return {
    document: {
      store: { kind: store.kind, head: tokens.encode(head) },
      models,
      ...(notes.length > 0 && { notes }),
    },
    text: printableLines([
      ...[header, ''],
      ...table([['model', 'version', 'state', 'lag', 'age', '', ''], ...rows]),
      ...problems,
    ]),
    exitCode: 0,
  };
}

type Subscription = NonNullable<ModelStatus['subscription']>;

function subscriptionOf({ connectedSince, drops, lastEventAt }: Subscription): object {
  return { connected_since: connectedSince, drops, last_event_at: lastEventAt };
}

function connectionOf(subscription: Subscription | null): string {
  if (!subscription) return '';
  const { connectedSince, drops } = subscription;
  const reasons = Object.entries(drops).map(([reason, n]) => `${reason} ${n}`);
  const dropped = reasons.length === 0 ? '' : `, ${dropsOf(subscription)} drops (${reasons.join(', ')})`;
  return `${connectedSince === null ? 'not connected' : `connected since ${connectedSince}`}${dropped}`;
}
