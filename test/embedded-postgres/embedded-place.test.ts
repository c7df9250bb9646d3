import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { unusablePath } from '../../src/commands/output.js';
import { accountFor, canReach } from '../../src/embedded-postgres/account.js';
import { copyOf, withSymlinks } from '../../src/embedded-postgres/binaries.js';
import { bindCluster } from '../../src/embedded-postgres/owner.js';
import { makeSocketFolder, socketFolder } from '../../src/embedded-postgres/place.js';

/** As the package is without its install script, and from an npm with umask 077. */
function packageFolder(folder: string): string {
  const native = join(folder, 'native');
  mkdirSync(join(native, 'lib'), { recursive: true, mode: 0o700 });
  mkdirSync(join(native, 'bin'), { mode: 0o700 });
  writeFileSync(join(native, 'lib/libpq.so.5.18'), 'library', { mode: 0o600 });
  writeFileSync(join(native, 'bin/postgres'), 'binary', { mode: 0o700 });
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links), { mode: 0o600 });
  return native;
}

t.test('links to the libraries are made where the install script did not run, once', (t) => {
  const native = packageFolder(t.testdir());
  withSymlinks(withSymlinks(native));
  t.equal(readlinkSync(join(native, 'lib/libpq.so.5')), 'libpq.so.5.18');
  t.end();
});

t.test('copied binaries are whole, and for everybody to read and run', (t) => {
  const folder = t.testdir();
  const copy = copyOf(packageFolder(folder), join(folder, 'copy'));
  t.equal(copyOf('/nowhere', copy), copy, 'a copy that is there is used as it is');
  t.equal(statSync(join(copy, 'bin')).mode & 0o777, 0o755);
  t.equal(statSync(join(copy, 'bin/postgres')).mode & 0o777, 0o755);
  t.equal(statSync(join(copy, 'lib/libpq.so.5')).mode & 0o777, 0o644);
  t.ok(lstatSync(join(copy, 'lib/libpq.so.5')).isSymbolicLink());
  t.end();
});

t.test('a folder is reached by those who may enter it and all above it', (t) => {
  const folder = t.testdir({ shut: { inner: {} } });
  const { uid, gid } = statSync(folder);
  const stranger = { uid: uid + 1, gid: gid + 1 };
  const inner = join(folder, 'shut/inner');
  chmodSync(join(folder, 'shut'), 0o700);
  t.notOk(canReach(inner, stranger));
  chmodSync(join(folder, 'shut'), 0o071);
  t.notOk(canReach(inner, { uid, gid }), 'an owner who shut himself out stays out');
  t.end();
});

t.test('the database of another user is not taken, but told', (t) => {
  const folder = t.testdir();
  const { uid } = statSync(folder);
  t.throws(() => accountFor(folder, uid + 1), /belongs to the user with id .*ORDERLOG_DATA_DIR/);
  t.equal(accountFor(null, uid + 1), null);
  t.end();
});

t.test('root becomes the owner of an existing database', { skip: process.getuid?.() !== 0 && 'not root' }, (t) => {
  const folder = t.testdir();
  t.not(accountFor(null, 0)?.uid, 0);
  chownSync(folder, 4711, 4712);
  t.same(accountFor(folder, 0), { uid: 4711, gid: 4712 });
  t.end();
});

t.test('a folder for the socket that somebody else has put there is not used', (t) => {
  const cluster = join(t.testdir({ elsewhere: {} }), 'long'.repeat(40));
  const place = { cluster, account: null, isMade: true };
  const folder = socketFolder(cluster);
  symlinkSync(join(t.testdirName, 'elsewhere'), folder);
  t.teardown(() => {
    rmSync(folder);
  });
  t.throws(() => {
    makeSocketFolder(place);
  }, /can not be made or is not ours: remove it/);
  t.end();
});

const FULL = '/dev/full';

t.test(
  'a full disk of a database that lies elsewhere is told by its folder',
  { skip: !existsSync(FULL) && 'not here' },
  (t) => {
    const folder = t.testdir({ data: {}, cluster: {} });
    const cluster = join(folder, 'cluster');
    symlinkSync(FULL, join(cluster, `orderlog.owner.${process.pid}`));
    let told: unknown;
    try {
      bindCluster(join(folder, 'data'), cluster);
    } catch (error) {
      told = unusablePath(error, join(folder, 'data'), 'used for ORDERLOG_DATA_DIR');
    }
    t.match(told, { message: /^ENOSPC: no space left on device, write: make room on the disk of .*\/cluster$/ });
    t.end();
  },
);
