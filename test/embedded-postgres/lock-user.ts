/** Adds one to the number in a file, as often as told, each time under the lock and with a pause in between. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withProcessLock } from '../../src/embedded-postgres/process-lock.js';

const [lock = '', file = '', times = '0'] = process.argv.slice(2);
for (let n = 0; n < Number(times); n++) {
  await withProcessLock(lock, async () => {
    const count = Number(readFileSync(file, 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    writeFileSync(file, String(count + 1));
  });
}
