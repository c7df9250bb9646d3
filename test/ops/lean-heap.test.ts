import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

const file = join(import.meta.dirname, '../support/heap-growth.js');
const times = (how: string): number =>
  (JSON.parse(execFileSync(process.execPath, [file, how], { encoding: 'utf8' })) as { times: number }).times;

t.test('a lean heap is collected at about twice what lives in it, where it would grow far beyond that', (t) => {
  const [lean, usual] = [times('lean'), times('usual')];
  t.ok(lean < 3.2, `${lean.toFixed(2)} times`);
  t.ok(usual > 1.25 * lean, `${usual.toFixed(2)} times without it: otherwise nothing is gained`);
  t.end();
});
