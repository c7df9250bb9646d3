/**
 * Runs the suite, or the files named: one database server for all of them, a temporary folder for what they leave, and
 * one closing line with the counts. Arguments that begin with a dash go to tap.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../src/infra/postgres/embedded.js';
import { closingLine, failures } from './closing-line.js';
import { TEST_SERVER, TEST_SETTINGS } from './database.js';
import { endLeftRunning } from './left-running.js';

const root = join(import.meta.dirname, '../../..');
const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));

/** The longest, which begin first: at the end they would run alone. */
const LONG = /^test\/(?:processes|infra\/postgres|infra\/projector)\//;

/** From the sources: a test that was deleted may still stand in dist. */
function allTests(): string[] {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
  const tests = files.filter((file) => file.endsWith('.test.ts')).map((file) => join('test', file));
  return tests.sort((a, b) => Number(LONG.test(b)) - Number(LONG.test(a)) || a.localeCompare(b));
}

/** Tap's exit code. */
async function run(folder: string, output: string): Promise<number> {
  const files = (named.length > 0 ? named : allTests()).map((file) =>
    file.replace(/^(?!dist\/)/, 'dist/').replace(/\.ts$/, '.js'),
  );
  // One more than there are cores: much of the time is spent waiting.
  const jobs = `--jobs=${availableParallelism() + 1}`;
  const args = ['--disable-coverage', '--reporter=terse', `--output-file=${output}`, jobs, ...options, ...files];
  const tap = spawn(process.execPath, [join(root, 'node_modules/tap/dist/esm/run.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, TMPDIR: folder, [TEST_SERVER]: join(folder, 'server') },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => tap.kill(signal));
  const [code, signal] = (await once(tap, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
}

const folder = mkdtempSync(join(tmpdir(), 'orderlog-tests-'));
// Run as root, the server is another user's.
chmodSync(folder, 0o711);
try {
  const output = join(folder, 'results.tap');
  const server = await startEmbedded(join(folder, 'server'), TEST_SETTINGS);
  let code = 1;
  try {
    code = await run(folder, output);
  } finally {
    await server.stop();
    const left = await endLeftRunning(folder);
    for (const line of left) console.error(line);
    if (left.length > 0 && code === 0) code = 1;
    rmSync(server.location, { recursive: true, force: true, maxRetries: 20 });
  }
  const results = existsSync(output) ? readFileSync(output, 'utf8') : '';
  if (code !== 0) console.log(failures(results));
  console.log(closingLine(results, code));
  process.exitCode = code;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
