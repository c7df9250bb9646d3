/**
 * Runs the suite, or the files and folders named: one database server for all of them, a temporary folder for what they leave, a line
 * for each file, and one closing line with the counts. Files run by themselves, not under tap's own runner: they are compiled
 * already, and what it loads into each process for its plugins takes longer than most of them.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../src/embedded-postgres/embedded.js';
import { forEachInFlight } from '../../src/engine/in-flight.js';
import { closingLine, failures } from './closing-line.js';
import { easePassword, TEST_SERVER, TEST_SETTINGS } from './database.js';
import { endLeftRunning } from './left-running.js';
import { type FileResult, runFile } from './run-file.js';

const root = join(import.meta.dirname, '../../..');
const named = process.argv.slice(2);

/** The longest, which begin first: at the end they would run alone. */
const LONG = /^test\/(?:processes|embedded-postgres|engine\/projecting|engine\/builds)\//;

/** From the sources: a test that was deleted may still stand in dist. */
function allTests(): string[] {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
  const tests = files.filter((file) => file.endsWith('.test.ts')).map((file) => join('test', file));
  return tests.sort((a, b) => Number(LONG.test(b)) - Number(LONG.test(a)) || a.localeCompare(b));
}

function wantedTests(): string[] {
  if (named.length === 0) return allTests();
  const within = (folder: string): string[] => allTests().filter((file) => file.startsWith(join(folder, '/')));
  return named.flatMap((name) => (name.endsWith('.ts') ? [name] : within(name)));
}

async function run(folder: string): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const env = { ...process.env, TMPDIR: folder, [TEST_SERVER]: join(folder, 'server') };
  // One more than there are cores: much of the time is spent waiting.
  await forEachInFlight(wantedTests(), availableParallelism() + 1, async (file) => {
    if (stop.signal.aborted) return;
    const result = await runFile(root, file, env, stop.signal);
    results.push(result);
    console.log(`${result.ok ? 'ok    ' : 'FAILED'} ${result.seconds.toFixed(1).padStart(6)} s  ${file}`);
  });
  return results;
}

const stop = new AbortController();
const folder = mkdtempSync(join(tmpdir(), 'orderlog-tests-'));
// Run as root, the server is another user's.
chmodSync(folder, 0o711);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
try {
  const server = await startEmbedded(join(folder, 'server'), { settings: TEST_SETTINGS });
  let results: FileResult[] = [];
  let isClean = false;
  try {
    await easePassword(server);
    results = await run(folder);
  } finally {
    await server.stop();
    const left = await endLeftRunning(folder);
    for (const line of left) console.error(line);
    isClean = left.length === 0;
    rmSync(server.location, { recursive: true, force: true, maxRetries: 20 });
  }
  const code = isClean && !stop.signal.aborted && results.every(({ ok }) => ok) ? 0 : 1;
  const tap = results.map((result) => result.tap).join('');
  if (code !== 0) console.log(failures(tap));
  console.log(closingLine(tap, code));
  process.exitCode = code;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
