import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { loadOrCreateMasterKey } from '../../src/crypto/master-key.js';

t.test('a master key is made once, of 32 bytes, for the owner alone', async (t) => {
  const folder = join(t.testdir(), 'data');
  const key = loadOrCreateMasterKey(folder);
  t.equal(key.length, 32);
  t.same(loadOrCreateMasterKey(folder), key);
  t.same(Buffer.from(readFileSync(join(folder, 'master.key'), 'utf8'), 'base64'), key);
  t.equal(statSync(join(folder, 'master.key')).mode & 0o777, 0o600);
  t.same(readdirSync(folder), ['master.key'], 'and nothing else is left');
});

t.test('where there is a key, nothing is written: the folder may be full, or of another user', async (t) => {
  const folder = join(t.testdir(), 'data');
  const key = loadOrCreateMasterKey(folder);
  const before = statSync(folder).mtimeMs;
  await sleep(20);
  t.same(loadOrCreateMasterKey(folder), key);
  t.equal(statSync(folder).mtimeMs, before);
});

t.test('each data folder has another one', async (t) => {
  const folder = t.testdir();
  t.notSame(loadOrCreateMasterKey(join(folder, 'one')), loadOrCreateMasterKey(join(folder, 'other')));
});

t.test('processes that make it at once agree', async (t) => {
  const folder = t.testdir();
  const module = new URL('../../src/crypto/master-key.js', import.meta.url).href;
  const program = `import(${JSON.stringify(module)}).then((m) => console.log(m.loadOrCreateMasterKey(process.argv[1]).toString('hex')))`;
  const keys = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const child = spawn(process.execPath, ['-e', program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
      await once(child, 'close');
      return said.trim();
    }),
  );
  t.same(new Set(keys), new Set([loadOrCreateMasterKey(folder).toString('hex')]));
});

t.test('a damaged file is told, and not replaced', async (t) => {
  const folder = t.testdir();
  for (const damaged of ['', 'c2hvcnQ=', `${'*'.repeat(43)}=`]) {
    writeFileSync(join(folder, 'master.key'), damaged);
    t.throws(() => loadOrCreateMasterKey(folder), /is not 32 bytes in base64: restore it from where it was kept/);
    t.equal(readFileSync(join(folder, 'master.key'), 'utf8'), damaged);
  }
});
