import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ended, sharedData } from '../support/orderlog.js';

const script = join(import.meta.dirname, '../../scripts/check-data.js');
const absent = existsSync(sharedData) ? '' : ' (skipped: there is no ../shared/data)';

for (const [set, compared] of [
  ['retail', 55_777],
  ['luma', 30],
] as const) {
  t.test(`${set}: imported, projected and asked for over HTTP, every number is as expected${absent}`, async (t) => {
    if (absent) return;
    const child = spawn(process.execPath, [script, join(sharedData, set)], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { code, stdout, stderr } = await ended(child);
    t.equal(code, 0, stderr.slice(-2_000));
    t.match(stdout + stderr, `${compared} numbers compared, 0 differences`);
  });
}
