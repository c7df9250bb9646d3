import { pause } from '../postgres/back-off.js';
import type { ProjectorLog } from '../projecting/projector-log.js';
import type { AsOfBuilds } from './as-of-builds.js';

const EVERY_MS = 60_000;

/** Drops as-of builds whose time is over, until the signal; what went wrong is tried again the next time. */
export async function sweepNowAndThen(asOf: AsOfBuilds, log: ProjectorLog, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await asOf.sweep().catch((error: unknown) => {
      log.warn({ error: (error as Error).message }, 'as-of builds could not be swept');
    });
    await pause(EVERY_MS, signal);
  }
}
