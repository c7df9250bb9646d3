import { pause } from './back-off.js';
import type { ProjectorLog } from './log.js';
import type { Snapshots } from './snapshots.js';

const EVERY_MS = 60_000;

/** Drops snapshots whose time is over, until the signal; what went wrong is tried again the next time. */
export async function sweepNowAndThen(snapshots: Snapshots, log: ProjectorLog, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await snapshots.sweep().catch((error: unknown) => {
      log.warn({ error: (error as Error).message }, 'snapshots could not be swept');
    });
    await pause(EVERY_MS, signal);
  }
}
