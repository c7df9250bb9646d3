import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

const file = join(import.meta.dirname, '../support/heap-growth.js');
const times = (how: string): number =>
  (JSON.parse(execFileSync(process.execPath, [file, how], { encoding: 'utf8' })) as { times: number }).times;

/** Some versions of Node let no heap grow that far by themselves. */
const SMALL = 2;

t.test('garbage is collected before the heap is as large as it would grow by itself', (t) => {
  const [lean, usual] = [times('lean'), times('usual')];
  t.ok(lean < 0.8 * usual || usual < SMALL, `${lean.toFixed(2)} times what lives, and ${usual.toFixed(2)} by itself`);
  t.end();
});
