import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ended, orderlog, settingsFor, type Settings, start, temporaryFolder } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

t.test('a path that can not be used is wrong use, and the message names the path and a remedy', async (t) => {
  const shop = await runningApp(t);
  const settings = settingsFor(shop.database, shop.dataDir);
  const dir = temporaryFolder(t);
  const tooLong = join(dir, 'x'.repeat(300));
  writeFileSync(join(dir, 'file'), 'mine');
  const wrong: [string, string, RegExp][] = [
    ['import', tooLong, /x can not be read \(ENAMETOOLONG\): name another path, or give this user the right to it/],
    ['export', tooLong, /x can not be read \(ENAMETOOLONG\)/],
    ['backup', tooLong, /part can not be written \(ENAMETOOLONG\)/],
    ['import', join(dir, 'file'), /file is not a folder/],
    ['export', join(dir, 'file'), /file is or leads through a file: name a new or an empty folder/],
    ['export', join(dir, 'file', 'below'), /below is or leads through a file/],
    ['backup', join(dir, 'file'), /file is there already/],
    ['backup', join(dir, 'file', 'below'), /can not be written \(ENOTDIR\)/],
  ];
  await Promise.all(
    wrong.map(async ([command, path, message]) => {
      const { code, stderr } = await orderlog(settings, command, path);
      t.equal(code, 2, `${command} ${path.slice(-10)}`);
      t.match(stderr, message);
      t.notMatch(stderr, /\n\s+at /, 'no stack');
    }),
  );
  t.same(readdirSync(dir), ['file'], 'nothing is left behind');
});

t.test('a data folder that can not be used is wrong use, and so is a HOST that is not of this machine', async (t) => {
  const { database, dataDir } = await runningApp(t);
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'file'), 'mine');
  symlinkSync(join(dir, 'nowhere', 'below'), join(dir, 'link'));
  const embedded = (folder: string): Settings => ({ ORDERLOG_DATA_DIR: join(dir, folder) });
  const wrong: [string, Settings, RegExp][] = [
    [
      'status',
      embedded('file/below'),
      /below.master\.key can not be used for ORDERLOG_DATA_DIR \(ENOTDIR\): name another path/,
    ],
    ['status', embedded('link'), /link can not be used for ORDERLOG_DATA_DIR \(ENOENT\)/],
    [
      'serve',
      { ...settingsFor(database, dataDir), HOST: '192.0.2.1', AUTH: 'required' },
      /HOST: 192\.0\.2\.1 is no address/,
    ],
    [
      'serve',
      { ...settingsFor(database, dataDir), HOST: 'no-host.invalid', AUTH: 'required' },
      /HOST: no-host\.invalid is/,
    ],
  ];
  for (const [command, settings, message] of wrong) {
    const { code, stderr } = await orderlog(settings, command);
    t.match(stderr, message);
    t.equal(code, 2, stderr);
  }
});

// These file systems say that a folder is missing where none can be made, which Node's recursive mkdir believes for ever.
t.test(
  'where no folder can be made, a command ends at once (skipped where there is no /proc)',
  { skip: !existsSync('/proc/self') && 'there is no /proc' },
  async (t) => {
    const { database, dataDir } = await runningApp(t);
    const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
    const file = join(temporaryFolder(t), 'file');
    writeFileSync(file, 'mine');
    const wrong: [string[], Settings, RegExp][] = [
      [
        ['serve'],
        { ORDERLOG_DATA_DIR: '/proc/x' },
        /\/proc\/x can not be used for ORDERLOG_DATA_DIR \(E\w+\): name another/,
      ],
      // With a master key of its own, the database is the first to need the folder.
      [
        ['status'],
        { ORDERLOG_DATA_DIR: '/proc/x/y', MASTER_KEY },
        /\/proc\/x can not be used for ORDERLOG_DATA_DIR \(E/,
      ],
      [
        ['status'],
        { ORDERLOG_DATA_DIR: join(file, 'x'), MASTER_KEY },
        /x can not be used for ORDERLOG_DATA_DIR \(ENOTDIR\)/,
      ],
      [
        ['export', '/proc/x/y'],
        settingsFor(database, dataDir),
        /\/proc\/x can not be written \(E\w+\): name another path/,
      ],
    ];
    for (const [command, settings, message] of wrong) {
      const child = start(settings, ...command);
      const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const { code, stderr } = await ended(child);
      clearTimeout(deadline);
      t.equal(code, 2, `${command.join(' ')} ${stderr}`);
      t.match(stderr, message);
    }
  },
);

t.test('an export takes the place of an empty folder that a symbolic link leads to', async (t) => {
  const shop = await runningApp(t);
  const dir = temporaryFolder(t);
  mkdirSync(join(dir, 'real'));
  symlinkSync(join(dir, 'real'), join(dir, 'link'));
  const { code, stderr } = await orderlog(settingsFor(shop.database, shop.dataDir), 'export', join(dir, 'link'));
  t.equal(code, 0, stderr);
  t.ok(readdirSync(join(dir, 'real')).includes('orders.ndjson'));
  t.same(readdirSync(dir).sort(), ['link', 'real']);
});

t.test('a master.key that is no key is wrong use, as a MASTER_KEY that is none', async (t) => {
  const { database, dataDir } = await runningApp(t);
  const { MASTER_KEY: _, ...settings } = settingsFor(database, dataDir);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'master.key'), 'junk');
  writeFileSync(join(folder, 'backup.tar'), '');
  for (const command of [['status'], ['restore', join(folder, 'backup.tar')], ['serve']]) {
    const { code, stderr, stdout } = await orderlog({ ORDERLOG_DATA_DIR: folder, SEED: 'none' }, ...command);
    t.equal(code, 2, stderr);
    t.match(stderr, /master\.key is not 32 bytes in base64: restore it from where it was kept/);
    t.equal(stdout, '');
  }
  const { code, stderr } = await orderlog({ ...settings, MASTER_KEY: 'junk' }, 'status');
  t.equal(code, 2);
  t.match(stderr, /MASTER_KEY is not 32 bytes in base64/);
  const other = { ...settings, MASTER_KEY: Buffer.alloc(32, 9).toString('base64') };
  const wrong = await orderlog(other, 'status');
  t.equal(wrong.code, 2, 'and so is the key of another database');
  t.match(wrong.stderr, /MASTER_KEY does not open the keys in the database/);
});
