/** Runs a command of the command line in a process of its own, which takes its time and not that of requests, and ends with ours. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** How far the command is in a stretch of its work. */
export interface Told {
  readonly what: string;
  readonly done: number;
  readonly total: number | null;
  /** Since the stretch began. */
  readonly seconds: number;
}

export interface CommandEnd {
  /** What it printed; null where it was cut short or printed nothing. */
  readonly document: Readonly<Record<string, unknown>> | null;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** The last line that it wrote to standard error. */
  readonly remark: string;
}

/** The signal ends the command. */
export type RunCommand = (
  args: readonly string[],
  options: { readonly signal: AbortSignal; readonly tell?: (told: Told) => void },
) => Promise<CommandEnd>;

/** Of what a command prints. */
const MOST_BYTES = 16 * 1024 * 1024;
/** A command ends by itself within five seconds of being asked to. */
const PATIENCE_MS = 6_000;
const KEPT_REMARK = 2_000;

/**
 * @param cli the file of the command
 * @param env the command's environment; this process's own if left out
 */
export function commandRunner(cli: string, env?: NodeJS.ProcessEnv): RunCommand {
  return async (args, { signal, tell }) => {
    // Signals to our whole group are for us; over the channel it learns of our end, however we end.
    const child = fork(cli, args, {
      ...{ detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
      ...(env && { env }),
    });
    if (tell)
      child.on('message', (message: { readonly progress?: Told }) => message.progress && tell(message.progress));
    const output = outputOf(child);
    let late: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGTERM');
      late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS).unref();
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    try {
      const [exitCode] = (await once(child, 'close')) as [number | null];
      return { exitCode, document: output.document(), remark: output.remark() };
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', end);
    }
  };
}

function outputOf(child: ChildProcess): { document: () => CommandEnd['document']; remark: () => string } {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let stderr = '';
  child.stdout?.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= MOST_BYTES) pieces.push(piece);
  });
  child.stderr?.on('data', (piece: Buffer) => (stderr = (stderr + piece.toString()).slice(-KEPT_REMARK)));
  return {
    document: () => {
      if (bytes === 0 || bytes > MOST_BYTES) return null;
      try {
        return JSON.parse(Buffer.concat(pieces).toString('utf8')) as CommandEnd['document'];
      } catch {
        // It was cut short.
        return null;
      }
    },
    remark: () => (bytes > MOST_BYTES ? 'it printed more than is kept' : (stderr.trim().split('\n').at(-1) ?? '')),
  };
}
