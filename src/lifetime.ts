/** The one owner of the process's lifetime: every signal arrives here, and the process ends in time, whatever hangs. */
import { stderr, stdout } from './commands/outlet.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The promise is five seconds; the last steps and the end of the process take some of them. */
const LONGEST_MS = 4_200;
const LAST_STEPS_MS = 500;
const CUT_OFF = 'work under way did not end in time and is cut off';

export interface LifetimeOptions {
  /** Runs in any case, even where work under way does not end. */
  readonly lastly: () => Promise<void>;
  /** Standard output is to hold one JSON document, however the process ends. */
  readonly json?: boolean;
  /** How long work under way may take to end. */
  readonly longestMs?: number;
}

/**
 * A signal, or for a child of ours the end of its parent, asks the work under way to end. A repeated signal changes nothing: Ctrl-C
 * on `npm start` reaches the process twice.
 * @returns aborted when the process is to end
 */
export function ownLifetime({ lastly, json = false, longestMs = LONGEST_MS }: LifetimeOptions): AbortSignal {
  const ending = new AbortController();
  const end = (): void => {
    if (ending.signal.aborted) return;
    ending.abort(new Error('interrupted'));
    setTimeout(() => void cutOff(lastly, json), longestMs).unref();
  };
  for (const name of SIGNALS) process.on(name, end);
  if (process.channel) {
    process.once('disconnect', end);
    // Listening to it must not keep the process.
    process.channel.unref();
  }
  return ending.signal;
}

async function cutOff(lastly: () => Promise<void>, json: boolean): Promise<void> {
  stderr.write(`orderlog: ${CUT_OFF}\n`);
  const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_STEPS_MS));
  await Promise.race([lastly().catch(() => undefined), late]);
  // Last: until now the work may have ended after all, and printed its own.
  if (json && !stdout.isUsed) {
    const error = { name: 'Error', message: `interrupted: ${CUT_OFF}` };
    stdout.write(`${JSON.stringify({ error })}\n`);
  }
  process.exit(1);
}
