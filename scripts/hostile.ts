/**
 * `npm run check:hostile -- [--requests N] [--seed S] [--first N]`: hostile requests, made from the OpenAPI document, to `orderlog serve`. No
 * response is a 5xx or one that the document does not describe, the process neither ends nor grows, and verify is clean.
 */
import { randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { orderlog, serve, stopServers } from '../bench/processes.js';
import { sendHostile } from '../test/support/hostile/run.js';

const GROWTH_MB = 150;
const GROWTH_FILES = 20;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    first: { type: 'string', default: '0' },
  },
});
const [requests, seed, first] = [Number(values.requests), Number(values.seed), Number(values.first)];
const folder = mkdtempSync(join(tmpdir(), 'orderlog-hostile-'));
// Run as root, the server is another user's.
chmodSync(folder, 0o711);
const settings = { ORDERLOG_DATA_DIR: folder, SEED: 'none', HOME: folder };
try {
  const running = await serve(settings);
  // The first thousand fill caches and pools; what grows after them is a leak.
  let before = usage(running.pid);
  const said = (done: number): void => {
    process.stderr.write(`${done} of ${requests} requests\n`);
    if (done === 1_000) before = usage(running.pid);
  };
  const { faults, statuses } = await sendHostile({ url: running.url, requests, seed, first, said });
  const after = usage(running.pid);
  const alive = (await fetch(`${running.url}/health/ready`)).status === 200;
  const verified = await orderlog<{ ok: boolean }>(settings, 'verify');
  await running.stop();
  const isBounded = after.mb - before.mb < GROWTH_MB && after.files - before.files < GROWTH_FILES;
  const report = { seed, requests, statuses, before, after, alive, verified: verified.ok, faults: faults.slice(0, 50) };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = faults.length === 0 && alive && verified.ok && isBounded ? 0 : 1;
} finally {
  await stopServers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

/** Resident memory in MB, and open files and sockets. */
function usage(pid: number): { mb: number; files: number } {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { mb: Math.round(Number(kb) / 1024), files: readdirSync(`/proc/${pid}/fd`).length };
}
