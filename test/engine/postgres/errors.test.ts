import { connect } from 'node:net';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { isUnavailable } from '../../../src/engine/postgres/errors.js';
import { temporaryFolder } from '../../support/orderlog.js';

t.test('a missing Unix socket says that the database is away, a missing file does not', async (t) => {
  const missing = join(temporaryFolder(t), 'missing');
  const [ofSocket] = (await once(connect(missing), 'error')) as [Error];
  t.match(ofSocket, { code: 'ENOENT' });
  t.ok(isUnavailable(ofSocket));
  const ofFile = await open(missing).catch((error: unknown) => error);
  t.match(ofFile, { code: 'ENOENT' });
  t.notOk(isUnavailable(ofFile));
});

t.test('no error of a file is taken for one of the database', (t) => {
  for (const code of ['EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EROFS', 'EIO', 'ENOTDIR', 'EISDIR']) {
    t.notOk(isUnavailable(Object.assign(new Error('of a file'), { code, syscall: 'open', path: 'x' })), code);
  }
  t.end();
});
