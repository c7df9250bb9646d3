/**
 * `npm run chaos:stock -- --rounds N`: orders of scarce products are placed, paid and cancelled while the server is killed at random
 * moments. Nothing is oversold, nothing stays reserved for an order that is not placed, and verify is clean. Prints a report.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serve, type Settings, stopServers } from '../bench/processes.js';
import { killUnderStock } from '../test/support/chaos/stock.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } });
const folder = mkdtempSync(join(tmpdir(), 'orderlog-stock-'));
const settings: Settings = { ORDERLOG_DATA_DIR: join(folder, 'data'), SEED: 'none', HOME: folder };

/** @returns what it printed, unless all is well */
async function verify(): Promise<string | null> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/cli.js'), 'verify'], {
    env: { PATH: '/usr/bin:/bin', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (printed += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0 ? null : `verify ended with ${code}: ${printed.slice(-2_000)}`;
}

try {
  const report = await killUnderStock(
    async () => {
      const server = await serve(settings);
      return {
        url: server.url,
        kill: () => {
          process.kill(server.pid, 'SIGKILL');
          return server.stop();
        },
        stop: () => server.stop(),
      };
    },
    verify,
    Number(values.rounds),
  );
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.problems.length === 0 ? 0 : 1;
} finally {
  await stopServers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
