/**
 * `npm run chaos:ctrl-c -- --rounds N`: `npm start` and Ctrl-C at random moments, under requests. No Postgres is left, no acknowledged
 * order is lost, and the next start is quick. Prints a report.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAndInterrupt } from '../test/support/ctrl-c.js';

const NEXT_START_MS = 3_000;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
const folder = mkdtempSync(join(tmpdir(), 'orderlog-ctrl-c-'));
// Run as root, the server is another user's.
chmodSync(folder, 0o711);
try {
  const { startMs, endMs, acknowledged, problems } = await startAndInterrupt(folder, Number(values.rounds));
  // The first start that came to its end may have made the database.
  const slow = startMs.slice(1).filter((ms) => ms > NEXT_START_MS);
  const report = { acknowledged, problems, startMs, endMs, slowStarts: slow.length };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = problems.length + slow.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
