import { chmodSync } from 'node:fs';
import t from 'tap';
import { startAndInterrupt } from '../support/ctrl-c.js';
import { temporaryFolder } from '../support/orderlog.js';

t.test('npm start and Ctrl-C at random moments: no Postgres is left, no acknowledged order is lost', async (t) => {
  const folder = temporaryFolder(t);
  // Run as root, the server is another user's.
  chmodSync(folder, 0o711);
  const { problems, acknowledged, endMs } = await startAndInterrupt(folder, 2);
  t.same(problems, []);
  t.ok(acknowledged > 0, `${acknowledged} orders`);
  t.equal(endMs.length, 3);
});
