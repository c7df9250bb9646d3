import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { loadSecrets } from '../../src/crypto/secrets.js';
import { openRuntime } from '../../src/runtime.js';
import { testDatabase } from '../support/database.js';
import { runningApp } from '../support/running-app.js';

t.test('processes that start together agree on one set of secrets, and so does every later one', async (t) => {
  const { pool } = await testDatabase(t);
  const master = randomBytes(32);
  const together = await Promise.all(Array.from({ length: 8 }, () => loadSecrets(pool, master)));
  const later = await loadSecrets(pool, master);
  for (const { hashKey, signingKey } of together) {
    t.ok(hashKey.equals(later.hashKey));
    t.equal(signingKey.publicKey, later.signingKey.publicKey);
  }
  t.equal(later.hashKey.symmetricKeySize, 32);
  const { rows } = await pool.query<{ wrapped: Buffer }>('select wrapped from orderlog.secrets');
  t.equal(rows.length, 2);
  for (const { wrapped } of rows) t.notOk(wrapped.includes(later.hashKey.export()), 'stored only wrapped');
});

t.test('another master key is refused by name, with what to do, and changes nothing', async (t) => {
  const { pool } = await testDatabase(t);
  const master = randomBytes(32);
  const { hashKey } = await loadSecrets(pool, master);
  await t.rejects(loadSecrets(pool, randomBytes(32)), {
    name: 'WrongMasterKey',
    message: /MASTER_KEY.*Set MASTER_KEY/,
  });
  t.ok((await loadSecrets(pool, master)).hashKey.equals(hashKey));
});

t.test('a wrong key from the file of the data folder is told as that file', async (t) => {
  const { runtime } = await runningApp(t, { projectors: false });
  const dataDir = join(t.testdir(), 'data');
  const opened = openRuntime({ ...runtime.config, dataDir, masterKey: null });
  await t.rejects(opened, {
    name: 'WrongUse',
    message: `The key in ${join(dataDir, 'master.key')} does not open`,
  });
});
