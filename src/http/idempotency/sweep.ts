import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Engine } from '../../engine/index.js';
import { sweepKeys } from './key-table.js';

const EVERY_MS = 60_000;
const BATCH = 1_000;
/** Between two batches: requests go first. */
const PAUSE_MS = 50;

/** Deletes stored responses that were kept long enough, until the signal. What goes wrong is tried again the next time. */
export async function sweepKeysNowAndThen(
  pool: pg.Pool,
  keepSeconds: number,
  log: Engine['log'],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const deleted = await sweepKeys(pool, keepSeconds, BATCH).catch((error: unknown) => {
      log.warn({ error: (error as Error).message }, 'stored responses could not be swept');
      return 0;
    });
    await sleep(deleted === BATCH ? PAUSE_MS : EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
