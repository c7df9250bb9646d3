const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Too many requests, or a proxy or Orderlog itself can't answer for now. */
const LATER: readonly number[] = [429, 502, 503, 504];

/** Whether the same request may be answered later. */
export function isForLater({ status }: Response, code: string | null): boolean {
  return LATER.includes(status) || code === 'idempotency-in-flight';
}

/** Grows with each attempt. Half of it is random, so that many clients don't come back at once. */
export function pauseMs(attempts: number, response: Response | null): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS);
  return Math.max(longest * (0.5 + Math.random() / 2), retryAfterMs(response));
}

/** `Retry-After` is a number of seconds or a date. */
function retryAfterMs(response: Response | null): number {
  const value = response?.headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? 0 : ms;
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
