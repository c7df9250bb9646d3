import { readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeFolders } from '../../src/documents/make-folders.js';
import { unusablePath } from '../../src/commands/output.js';

t.test('missing folders are made with the mode, and those that are there stay', (t) => {
  const base = t.testdir();
  t.equal(makeFolders(join(base, 'a', 'b'), 0o711), true);
  t.equal(statSync(join(base, 'a')).mode & 0o777, 0o711);
  t.equal(makeFolders(join(base, 'a', 'b'), 0o700), false);
  t.equal(statSync(join(base, 'a', 'b')).mode & 0o777, 0o711);
  t.end();
});

t.test('a folder that a symbolic link leads to is there; a file, and a link that leads nowhere, are none', (t) => {
  const base = t.testdir({ real: {}, file: '' });
  symlinkSync(join(base, 'real'), join(base, 'link'));
  symlinkSync(join(base, 'nowhere', 'below'), join(base, 'lost'));
  t.equal(makeFolders(join(base, 'link')), false);
  t.equal(makeFolders(join(base, 'link', 'new')), true);
  t.same(readdirSync(join(base, 'real')), ['new']);
  t.throws(() => makeFolders(join(base, 'file')), { code: 'EEXIST' });
  t.throws(() => makeFolders(join(base, 'file', 'x', 'y')), { code: 'ENOTDIR' });
  t.throws(() => makeFolders(join(base, 'lost')), { code: 'ENOENT' });
  t.throws(() => makeFolders(join(base, 'lost', 'x')), { code: 'ENOENT' });
  t.end();
});

t.test('a folder on a read-only disk is a wrong path, and a disk that takes no more writes is not', (t) => {
  const failed = (syscall: string): Error =>
    Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS', path: '/ro/data', syscall });
  t.match(unusablePath(failed('mkdir'), '/ro/data', 'used for ORDERLOG_DATA_DIR'), {
    name: 'WrongUse',
    message:
      '/ro/data can not be used for ORDERLOG_DATA_DIR (EROFS): name another path, or give this user the right to it',
  });
  t.match(unusablePath(failed('open'), '/ro/data', 'used for ORDERLOG_DATA_DIR'), { name: 'Error' });
  t.end();
});
