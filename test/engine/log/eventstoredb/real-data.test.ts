import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ended, sharedData } from '../../../support/orderlog.js';
import { standIn } from '../../../support/stand-in/stand-in.js';

const script = join(import.meta.dirname, '../../../../scripts/check-data.js');
const absent = existsSync(sharedData) ? '' : ' (skipped: there is no ../shared/data)';

// The retail set takes minutes in one process with a stand-in: EVENTSTORE_URL=… npm run check:data -- ../shared/data/retail
void t.test(
  `luma in EventStoreDB: imported, projected and asked for over HTTP, every number is as expected${absent}`,
  { timeout: 180_000 },
  async (t) => {
    if (absent) return;
    const { url, log } = await standIn(t);
    const child = spawn(process.execPath, [script, join(sharedData, 'luma')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, EVENTSTORE_URL: url },
    });
    const { code, stdout, stderr } = await ended(child);
    t.equal(code, 0, stderr.slice(-2_000));
    t.match(stdout + stderr, '30 numbers compared, 0 differences');
    const [, appended] = /(\d+) events appended/.exec(stdout) ?? [];
    t.equal(log.events.filter(({ type }) => type !== 'LogOpened' && !type.startsWith('$')).length, Number(appended));
  },
);
