/** Nothing is left of a benchmark, however it ends: no child, no server, no folder. */
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does the work, then the end. A signal does the end at once and then ends this process, with 130 after Ctrl-C. The end must work while
 * the work is still under way. A second signal ends this process without waiting.
 */
export async function endingAlways<T>(work: () => Promise<T>, end: () => Promise<void>): Promise<T> {
  let isInterrupted = false;
  const interrupt = (signal: NodeJS.Signals): void => {
    const code = 128 + constants.signals[signal];
    if (isInterrupted) process.exit(code);
    isInterrupted = true;
    console.error(`${signal}: cleaning up`);
    // What the work waits for fails now, all of it.
    process.on('unhandledRejection', () => undefined);
    void end()
      .catch((error: unknown) => console.error(error))
      .finally(() => process.exit(code));
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work();
  } finally {
    // The process ends in a moment, and says nothing of what the signal broke.
    if (isInterrupted) await new Promise(() => undefined);
    await end();
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
