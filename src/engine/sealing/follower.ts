/** Seals complete blocks in the background, in one process at a time. */
import type pg from 'pg';
import { LogReplaced } from '../core/errors.js';
import { locks } from '../postgres/advisory-locks.js';
import { BackOff, pause } from '../postgres/back-off.js';
import { tryLock, withHolder } from '../postgres/holder.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import { type Sealer, SealsDoNotFit } from './sealer.js';

/** How often the log is looked at. */
const EVERY_MS = 2_000;
/** Between two blocks of a backlog: others want to use the database and this process too. */
const BETWEEN_BLOCKS_MS = 50;
/** How often a process that does not seal looks whether it can. */
const ACQUIRE_EVERY_MS = 5_000;
/** After seals that do not fit, until they are looked at again. */
const STOPPED_MS = 30_000;

export interface FollowerDeps {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly log: ProjectorLog;
  /** Told why no seal can be added; null when it is over. */
  readonly stopped: (why: string | null) => void;
}

/** Until the signal. Never rejects. */
export async function sealNowAndThen({ pool, sealer, log, stopped }: FollowerDeps, signal: AbortSignal): Promise<void> {
  const backOff = new BackOff();
  let told: string | null = null;
  while (!signal.aborted) {
    try {
      // Two processes that believe to hold the lock only get in each other's way.
      await withHolder(pool, async (holder, lost) => {
        if (!(await tryLock(holder, locks.sealing))) return;
        await sealer.load();
        told = null;
        stopped(null);
        await sealBlocks(sealer, AbortSignal.any([signal, lost]), backOff);
      });
      await pause(ACQUIRE_EVERY_MS, signal);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof SealsDoNotFit || error instanceof LogReplaced) {
        stopped(message);
        if (message !== told) log.error({ message }, 'the log is not sealed any more');
        told = message;
        await pause(STOPPED_MS, signal);
        continue;
      }
      const retry_ms = Math.round(backOff.next());
      if (!signal.aborted) log.warn({ message, retry_ms }, 'sealing of the log was interrupted');
      await pause(retry_ms, signal);
    }
  }
}

async function sealBlocks(sealer: Sealer, signal: AbortSignal, backOff: BackOff): Promise<void> {
  while (!signal.aborted) {
    const isFull = await sealer.read({ signal });
    backOff.reset();
    if (isFull && !(await sealer.seal())) await sealer.load();
    await pause(isFull ? BETWEEN_BLOCKS_MS : EVERY_MS, signal);
  }
}
