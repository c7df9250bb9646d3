import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const root = join(import.meta.dirname, '../../..');
const [, ...lines] = readFileSync(join(root, 'docs/guarantees.md'), 'utf8').split(/^(?=- | {2}- `)/m);
const promises = lines.slice(0, lines.findIndex((line) => line.includes('## Not promised')) + 1);

t.test('each promise names a test that there is', async (t) => {
  t.ok(promises.length > 20);
  for (const [i, line] of promises.entries()) {
    if (line.startsWith('- ')) {
      t.match(promises[i + 1] ?? '', /^ {2}- `/, `a test shows: ${line}`);
      continue;
    }
    const [, file = '', title = ''] = /^ {2}- `(test\/[\w./-]+)` "(.+)"$/m.exec(line) ?? [];
    if (t.ok(existsSync(join(root, file)) && file !== '', line)) {
      t.ok(readFileSync(join(root, file), 'utf8').includes(title) && title !== '', `${file} has "${title}"`);
    }
  }
});
