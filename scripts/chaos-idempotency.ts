/**
 * `npm run chaos:idempotency -- --rounds N`: 50 requests under one key at once, while the server is killed and started again at random
 * moments. Each key has one effect, and all of its responses are equal. Prints a report.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serve, type Settings, stopServers } from '../bench/processes.js';
import { killUnderOneKey } from '../test/support/one-key.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
const folder = mkdtempSync(join(tmpdir(), 'orderlog-one-key-'));
const settings: Settings = { ORDERLOG_DATA_DIR: join(folder, 'data'), SEED: 'none', HOME: folder };
try {
  const report = await killUnderOneKey(async () => {
    const server = await serve(settings);
    return {
      url: server.url,
      kill: () => {
        process.kill(server.pid, 'SIGKILL');
        return server.stop();
      },
      stop: () => server.stop(),
    };
  }, Number(values.rounds));
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.problems.length === 0 ? 0 : 1;
} finally {
  await stopServers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
