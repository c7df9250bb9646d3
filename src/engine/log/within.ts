import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a promise, but not for longer than this. */
export async function within(ms: number, promise: Promise<unknown> | null | undefined): Promise<void> {
  const over = new AbortController();
  await Promise.race([promise, sleep(ms, null, over).catch(() => null)]);
  over.abort();
}
