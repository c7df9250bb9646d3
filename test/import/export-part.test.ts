import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { partOf, removeLeftovers } from '../../src/import/export-part.js';

t.test('an export removes what a killed one left, and leaves what may still be written to', async (t) => {
  const dir = join(t.testdir(), 'shop');
  const { pid } = spawnSync(process.execPath, ['--version']);
  const gone = `${dir}.part-${hostname()}-${pid}`;
  const ours = partOf(dir);
  const others = `${dir}.part-another-machine-${pid}`;
  const unnamed = `${dir}.part-${pid}`;
  const elsewhere = `${dir}s.part-${hostname()}-${pid}`;
  for (const folder of [gone, ours, others, unnamed, elsewhere]) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'users.csv'), 'Ada');
  }
  const notes = await removeLeftovers(dir);
  t.same(
    [gone, ours, others, unnamed, elsewhere].map((folder) => existsSync(folder)),
    [false, true, true, true, true],
  );
  t.equal(notes.length, 4);
  t.equal(notes.filter((note) => note.includes('was removed')).length, 1);
  t.ok(notes.every((note) => note.startsWith(dir)));
});
