import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What hangs, or is kept alive by something that a test left open, is ended after so long; for a slow machine too. */
const LONGEST_MS = 600_000;

export interface FileResult {
  readonly file: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** TAP 14, as one test named like the file. */
  readonly tap: string;
}

/** Runs one file of tests, compiled, in a process of its own. */
export async function runFile(
  root: string,
  file: string,
  env: NodeJS.ProcessEnv,
  stop: AbortSignal,
): Promise<FileResult> {
  const begun = performance.now();
  const compiled = join(root, 'dist', file.replace(/^dist\//, '').replace(/\.ts$/, '.js'));
  const child = spawn(process.execPath, ['--enable-source-maps', compiled], {
    cwd: root,
    env: { ...env, TAP_TIMEOUT: String(LONGEST_MS / 1000) },
    stdio: ['ignore', 'pipe', 'inherit'],
    // The tests in it say first what they were at.
    timeout: LONGEST_MS + 10_000,
    killSignal: 'SIGKILL',
  });
  const kill = (): boolean => child.kill();
  stop.addEventListener('abort', kill);
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  stop.removeEventListener('abort', kill);
  const printed = Buffer.concat(pieces).toString();
  const isProven = /^ *ok/m.test(printed);
  const ok = code === 0 && isProven;
  // What failed in it tells for itself.
  const isTold = /^ *not ok/m.test(printed);
  const end = isProven ? `it ended with ${signal ?? code}` : `nothing was tested, and it ended with ${signal ?? code}`;
  const lines = ok || isTold ? printed : `${printed}\nnot ok 1 - ${end}\n`;
  const inner = lines.replace(/^(?=.)/gm, '    ');
  const tap = `# Subtest: ${file}\n${inner}\n${ok ? 'ok' : 'not ok'} 1 - ${file}\n`;
  return { file, ok, seconds: (performance.now() - begun) / 1_000, tap };
}
