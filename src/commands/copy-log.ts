/** `orderlog copy-log`: moves an installation from the log in its database to another one, or back. */
import type pg from 'pg';
import {
  aloneWith,
  compareLogs,
  COPYING,
  copyLog,
  type CopyOptions,
  type EventStore,
  logIdentity,
  logIdOf,
  moveBack,
  moveTo,
  NotTheSame,
  otherProcesses,
  stopThem,
} from '../engine/index.js';
import { type CommandResult, WrongUse } from './output.js';

/** How often the rest is copied while somebody, who should not, goes on writing. */
const ROUNDS = 3;

export interface CopyLogDeps {
  readonly pool: pg.Pool;
  /** The log that the installation runs on. */
  readonly store: EventStore;
  /** Whether the database is the embedded one. */
  readonly embedded: boolean;
}

/** @throws WrongUse, NotTheSame, and Error when others work with the database */
export async function copyLogResult(
  deps: CopyLogDeps,
  target: EventStore,
  options: CopyOptions,
): Promise<CommandResult> {
  const { pool, store: source, embedded } = deps;
  if (source.kind !== 'postgres') throw new WrongUse('the log of this installation is on another server already');
  return aloneWith(pool, async () => {
    const begun = performance.now();
    const from = await logIdentity(pool);
    const others = await otherProcesses(pool, { embedded, own: COPYING });
    if (others.length > 0) throw new Error(stopThem(others));
    let appended = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const copy = await copyLog(source, target, options).catch((error: unknown) => {
        if (!(error instanceof NotTheSame)) throw error;
        const hint =
          'It is of another installation, or somebody uses the copy already: name a server without such streams';
        throw new NotTheSame(`${error.message}. ${hint}`, { cause: error });
      });
      appended += copy.appended;
      const events = await compareLogs(source, target, copy.head, options);
      const to = { log_id: await target.logId(), kind: target.kind };
      if (!(await moveTo({ pool, source, head: copy.head, to, embedded }))) continue;
      const seconds = rounded(begun);
      return {
        document: { moved: true, from: { kind: source.kind, log_id: from?.log_id }, to, events, appended, seconds },
        text: [
          `${events} events are on the other server (${appended} copied now), compared one by one, in ${seconds} s.`,
          `The log is now ${to.log_id} there; the table orderlog.events takes nothing more. Projectors rebuild the read models.`,
          'Set EVENTSTORE_URL for every process of this installation, then start them.',
        ].join('\n'),
        exitCode: 0,
      };
    }
    throw new Error('the log grows while it is copied: stop all processes that write to it, then run this again');
  });
}

/** As long as nothing was written to the new log, the old one is as good. */
export async function copyBackResult(
  deps: CopyLogDeps,
  table: EventStore,
  options: CopyOptions,
): Promise<CommandResult> {
  const { pool, store, embedded } = deps;
  if (store.kind === 'postgres') throw new WrongUse('the log of this installation is in its database');
  return aloneWith(pool, async () => {
    const begun = performance.now();
    const logId = await logIdOf(table);
    if (logId === null) throw new WrongUse('the database has never held the log: there is nothing to go back to');
    const events = await compareLogs(table, store, await table.head(), options).catch((error: unknown) => {
      if (!(error instanceof NotTheSame)) throw error;
      throw new NotTheSame(`going back would lose what was written since the move: ${error.message}`, { cause: error });
    });
    const to = { log_id: logId, kind: table.kind };
    await moveBack({ pool, to, embedded });
    const seconds = rounded(begun);
    return {
      document: {
        moved: true,
        from: { kind: store.kind, log_id: await store.logId() },
        to,
        events,
        appended: 0,
        seconds,
      },
      text:
        `${events} events are the same on both, compared in ${seconds} s. The log is again the one in the database.\n` +
        'Unset EVENTSTORE_URL for every process of this installation, then start them.',
      exitCode: 0,
    };
  });
}

function rounded(begun: number): number {
  return Math.round(performance.now() - begun) / 1_000;
}
