/** `orderlog copy-log`: moves an installation from the log in its database to another one, or back. */
import { type Command, Option } from 'commander';
import { type Engine, type EventStore, openLog, type Progress } from '../engine/index.js';
import { ofTarget, targetUrl } from './copy-target.js';
import { type CommandResult, jsonOption, secondsSince, WrongUse } from './output.js';
import { showProgress } from './progress.js';
import type { Run } from './run.js';

/** Under which this operation is known to the database. */
export const COPYING = 'orderlog-copy-log';

export interface CopyLogDeps {
  readonly engine: Pick<Engine, 'store' | 'moveLog' | 'moveLogBack'>;
  /** Folder of the embedded cluster, null with a server of one's own. */
  readonly location: string | null;
}

export interface CopyLogOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** @param debug what DEBUG is set to */
export function addCopyLog(program: Command, run: Run<CopyLogDeps>, debug: string | undefined): void {
  program
    .command('copy-log')
    .description(
      'move the log from the database to EventStoreDB: copy it, compare both, then switch; resume an interrupted move',
    )
    .addOption(new Option('--to <url>', 'esdb://... or kurrentdb://...').conflicts(['toFile', 'back']))
    .addOption(new Option('--to-file <file>', 'a file that holds the URL, and with it a password').conflicts('back'))
    .option('--back', 'move the log back, as long as EventStoreDB has no newer event (set EVENTSTORE_URL to it)')
    .addOption(jsonOption)
    .action((options: { to?: string; toFile?: string; back?: boolean; json?: boolean }) =>
      run(options.json ?? false, { migrate: true, applicationName: COPYING }, async (runtime, signal) => {
        const progress = showProgress();
        if (options.back) return copyBackResult(runtime, { progress, signal });
        const url = targetUrl(options, debug);
        try {
          const target = await openLog(url);
          try {
            return await copyLogResult(runtime, target, { progress, signal });
          } finally {
            await target.close();
          }
        } catch (error) {
          throw ofTarget(options, error);
        }
      }),
    );
}

/** @throws WrongUse, NotTheSame, and Error when others work with the database */
export async function copyLogResult(
  { engine, location }: CopyLogDeps,
  target: EventStore,
  options: CopyLogOptions,
): Promise<CommandResult> {
  if (engine.store.kind !== 'postgres') throw new WrongUse('the log of this installation is on another server already');
  const begun = performance.now();
  const moved = await engine.moveLog(target, { ...options, own: COPYING, embedded: location !== null });
  const { to, events, appended } = moved;
  const seconds = secondsSince(begun);
  return {
    document: { moved: true, ...moved, seconds },
    text: [
      `${events} events are on the other server (${appended} copied now), compared one by one, in ${seconds} s.`,
      `The log is now ${to.log_id} there; the table of events in the database takes nothing more. Projectors rebuild the read models.`,
      'Set EVENTSTORE_URL for every process of this installation, then start them.',
    ].join('\n'),
    exitCode: 0,
  };
}

/** As long as nothing was written to the new log, the old one is as good. */
export async function copyBackResult(
  { engine, location }: CopyLogDeps,
  options: CopyLogOptions,
): Promise<CommandResult> {
  if (engine.store.kind === 'postgres') throw new WrongUse('the log of this installation is in its database');
  const begun = performance.now();
  const moved = await engine.moveLogBack({ ...options, own: COPYING, embedded: location !== null });
  if (!moved) throw new WrongUse('the database has never held the log: there is nothing to go back to');
  const seconds = secondsSince(begun);
  return {
    document: { moved: true, ...moved, seconds },
    text:
      `${moved.events} events are the same on both, compared in ${seconds} s. The log is again the one in the database.\n` +
      'Unset EVENTSTORE_URL for every process of this installation, then start them.',
    exitCode: 0,
  };
}
