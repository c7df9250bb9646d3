/** What consoles ask of the server, without a browser that draws it: recorded from real ones, and sent again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Request } from 'playwright-core';

interface Asked {
  /** After the recording began, in milliseconds. */
  readonly at: number;
  readonly url: string;
  readonly accept: string;
}

export interface Recording {
  readonly asked: readonly Asked[];
  readonly ms: number;
}

/** Every interval in which a screen asks again is shorter. */
const RECORDED_MS = 31_000;
const EVENTS = 'text/event-stream';

/** @param screens their addresses; each is open for so long, all at once */
export async function recordConsoles(browser: Browser, screens: readonly string[]): Promise<readonly Recording[]> {
  return Promise.all(
    screens.map(async (screen) => {
      const page = await browser.newPage();
      const asked: Asked[] = [];
      const begun = performance.now();
      const note = (request: Request): void => {
        if (!request.url().includes('/v1/') && !request.url().includes('/health')) return;
        const { accept = '*/*' } = request.headers();
        asked.push({ at: performance.now() - begun, url: request.url(), accept });
      };
      page.on('request', note);
      await page.goto(screen);
      await sleep(RECORDED_MS);
      await page.close();
      return { asked, ms: performance.now() - begun };
    }),
  );
}

/** Sends what each recording has, at the same moments, again and again until it is stopped. Takes what comes, and keeps nothing. */
export function sendAgain(recordings: readonly Recording[]): { stop(): Promise<void> } {
  const ends = new AbortController();
  const all = recordings.map(async ({ asked, ms }) => {
    for (let round = 0; !ends.signal.aborted; round += 1) {
      const begun = performance.now();
      for (const { at, url, accept } of asked) {
        // A tail stays open.
        if (round > 0 && accept === EVENTS) continue;
        await sleep(Math.max(0, begun + at - performance.now()), undefined, { signal: ends.signal });
        void take(url, accept, ends.signal);
      }
      await sleep(Math.max(0, begun + ms - performance.now()), undefined, { signal: ends.signal });
    }
  });
  return {
    stop: async () => {
      ends.abort();
      await Promise.allSettled(all);
    },
  };
}

async function take(url: string, accept: string, signal: AbortSignal): Promise<void> {
  try {
    const { body } = await fetch(url, { headers: { accept }, signal });
    await body?.pipeTo(new WritableStream());
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
