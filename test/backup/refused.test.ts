import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { restore } from '../../src/backup/restore.js';
import { orderlog, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';
import { backUp, emptyTarget, options, primaryRows, restoreDeps, restoreTo, type Target } from './installations.js';

const BLOCK = 512;

async function backedUp(t: Test): Promise<string> {
  const shop = await runningApp(t, { seed: demo });
  await shop.registerUser();
  const file = join(temporaryFolder(t), 'backup.tar');
  await backUp(shop, file);
  return file;
}

/** Where each entry begins: its header, and its content behind that. */
function entries(tar: Buffer): { name: string; at: number }[] {
  const found = [];
  for (let at = 0; tar[at];) {
    const [name, size] = [tar.toString('latin1', at, at + 100), tar.toString('latin1', at + 124, at + 135)];
    found.push({ name: name.replace(/\0.*$/, ''), at });
    at += BLOCK * (1 + Math.ceil(Number.parseInt(size, 8) / BLOCK));
  }
  return found;
}

/** Everything that a restore could have changed. */
async function stateOf({ database, dataDir }: Target): Promise<unknown> {
  return { primary: await primaryRows(database.pool), files: readdirSync(join(dataDir, '..'), { recursive: true }) };
}

t.test(
  'a file that is cut off or changed anywhere is refused with what is wrong, and nothing is written',
  async (t) => {
    const file = await backedUp(t);
    const target = await emptyTarget(t);
    const whole = readFileSync(file);
    const before = await stateOf(target);
    const bad = `${file}.bad`;
    const refused = async (content: Buffer, message: RegExp, what: string): Promise<void> => {
      writeFileSync(bad, content);
      await t.rejects(restoreTo(target, bad), { name: 'WrongUse', message }, what);
      t.same(await stateOf(target), before, what);
    };
    const found = entries(whole);
    t.match(
      found.map(({ name }) => name),
      [
        'tables/log_identity/000001.copy.gz',
        /secrets/,
        /user_keys/,
        /id_sequences/,
        /events/,
        /^documents\//,
        'manifest.json',
        'manifest.json.sha256',
      ],
    );
    for (const { name, at } of found) {
      await refused(
        whole.subarray(0, at),
        at === 0 ? /it holds no manifest/ : /cut off: its manifest.json is missing/,
        `cut before ${name}`,
      );
      await refused(whole.subarray(0, at + 100), /cut off/, `cut in the header of ${name}`);
      await refused(whole.subarray(0, at + 520), /cut off/, `cut in ${name}`);
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(at + 512 + 30) ^ 1, at + 512 + 30);
      const place = name.startsWith('documents/') ? 'documents/' : name.replace('.sha256', '');
      await refused(changed, new RegExp(`damaged: .*${place}|no backup of Orderlog`), `a bit of ${name}`);
      const moved = Buffer.from(whole);
      moved.writeUInt8(moved.readUInt8(at + 3) ^ 1, at + 3);
      await refused(
        moved,
        /no backup of Orderlog, or is damaged: Invalid tar header/,
        `a bit of the header of ${name}`,
      );
    }
    const document = found.find(({ name }) => name.startsWith('documents/'));
    const next = found[found.findIndex((one) => one === document) + 1];
    const without = Buffer.concat([whole.subarray(0, document?.at), whole.subarray(next?.at)]);
    await refused(without, /damaged: not as it was written are documents\//, 'a document taken out');
    const events = found.find(({ name }) => name.includes('/events/'));
    const fewer = Buffer.concat([whole.subarray(0, events?.at), whole.subarray(document?.at)]);
    await refused(fewer, /damaged: not as it was written are tables\/events\/000001/, 'a part taken out');
    const twice = Buffer.concat([whole.subarray(0, document?.at), whole.subarray(events?.at)]);
    await refused(
      twice,
      /no backup of Orderlog: it holds "tables\/events\/000001.copy.gz" twice/,
      'a part put in again',
    );
  },
);

t.test('what is no backup is refused', async (t) => {
  const target = await emptyTarget(t);
  const folder = temporaryFolder(t);
  const before = await stateOf(target);
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'text'), 'hello\n'.repeat(1_000));
  writeFileSync(join(folder, 'short'), 'hello\n');
  writeFileSync(join(folder, 'manifest.json'), '{"magic":"other"}');
  execFileSync('tar', ['-cf', 'other.tar', 'text'], { cwd: folder });
  execFileSync('tar', ['-cf', 'manifest.tar', 'manifest.json'], { cwd: folder });
  const later = { magic: 'orderlog-backup', format: 2, version: '9.0.0' };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(later));
  writeFileSync(join(folder, 'manifest.json.sha256'), '');
  execFileSync('tar', ['-cf', 'later.tar', 'manifest.json', 'manifest.json.sha256'], { cwd: folder });
  for (const [name, message] of [
    ['none', /none can not be read \(ENOENT\)/],
    ['.', /can not be read \(EISDIR\)/],
    ['empty', /no backup of Orderlog/],
    ['text', /no backup of Orderlog, or is damaged/],
    ['short', /no backup of Orderlog, or is cut off/],
    ['other.tar', /no backup of Orderlog: it holds "text"/],
    ['manifest.tar', /is cut off/],
    ['later.tar', /later format \(2\): restore it with Orderlog 9\.0\.0/],
  ] as const) {
    await t.rejects(restoreTo(target, join(folder, name)), { name: 'WrongUse', message }, name);
  }
  t.same(await stateOf(target), before);
});

t.test('another master key, or none, is refused at once', async (t) => {
  const file = await backedUp(t);
  const target = await emptyTarget(t);
  const before = await stateOf(target);
  const settings = settingsFor(target.database, target.dataDir);
  const other = { ...settings, MASTER_KEY: Buffer.alloc(32, 8).toString('base64') };
  const { code, stderr } = await orderlog(other, 'restore', file);
  t.equal(code, 2);
  t.match(stderr, /MASTER_KEY is not the one that the keys in .*backup.tar are wrapped with/);
  const wrong = { ...restoreDeps(target), masterKey: Buffer.alloc(32, 8), masterKeySource: 'data/master.key' };
  await t.rejects(restore(wrong, file, options), {
    name: 'WrongUse',
    message: /^data\/master.key is not the one that/,
  });
  const none = { ...restoreDeps(target), masterKey: null };
  await t.rejects(restore(none, file, options), {
    name: 'WrongUse',
    message: /the master key is not in .*set MASTER_KEY/,
  });
  t.same(await stateOf(target), before);
});

t.test('a backup of a later schema is left to the version that made it', async (t) => {
  const shop = await runningApp(t, { seed: demo, projectors: false });
  await shop.runtime.pool.query(`insert into orderlog.migrations (name, batch) values ('9999_later', 9)`);
  const file = join(temporaryFolder(t), 'backup.tar');
  await backUp(shop, file);
  const target = await emptyTarget(t);
  const unopened = { ...restoreDeps(target), openDatabase: () => Promise.reject(new Error('the database is opened')) };
  await t.rejects(restore(unopened, file, options), {
    name: 'WrongUse',
    message: /was made by Orderlog 1\.2\.3, whose schema is newer \(9999_later\): restore it with that version/,
  });
});

t.test('an installation that is in use is left as it is', async (t) => {
  const file = await backedUp(t);
  const holding = async (sql: string, message: RegExp): Promise<void> => {
    const target = await emptyTarget(t);
    await target.database.pool.query(sql);
    const before = await stateOf(target);
    await t.rejects(restoreTo(target, file), { name: 'WrongUse', message });
    t.same(await stateOf(target), before, sql);
  };
  await holding(
    `insert into orderlog.events values (1, 'order-1', 0, gen_random_uuid(), 'X', '{}', '{}', now())`,
    /not empty: the database holds events/,
  );
  await holding(
    `insert into orderlog.user_keys (user_id, destroyed_at) values (gen_random_uuid(), now())`,
    /not empty: the database holds keys of users/,
  );
  await holding(
    `insert into orderlog.log_identity (log_id, kind) values (gen_random_uuid(), 'eventstoredb')`,
    /belongs to log .* on another server/,
  );

  const documents = await emptyTarget(t);
  const foreign = join(documents.dataDir, 'documents', '01');
  mkdirSync(foreign, { recursive: true });
  cpSync(file, join(foreign, '01a21461-cd02-475a-8844-e9d12e7ac049'));
  await t.rejects(restoreTo(documents, file), { name: 'WrongUse', message: /its data folder holds 1 other documents/ });

  const shop = await runningApp(t, { seed: demo, projectors: false });
  const served = await orderlog(settingsFor(shop.database, shop.dataDir), 'restore', file, '--json');
  t.equal(served.code, 2);
  t.match(JSON.parse(served.stdout), { error: { name: 'WrongUse', message: /not empty/ } });

  const busy = await runningApp(t, { projectors: false });
  const target = { database: busy.database, dataDir: join(temporaryFolder(t), 'data') };
  await t.rejects(restoreTo(target, file), { message: /other processes of Orderlog are connected .*stop them first/ });
});

t.test('a backup with its log is not restored beside another, nor one without where it is missing', async (t) => {
  const file = await backedUp(t);
  const target = await emptyTarget(t);
  await t.rejects(restoreTo(target, file, new MemoryEventStore()), {
    name: 'WrongUse',
    message: /unset EVENTSTORE_URL/,
  });
  t.equal(statSync(file).isFile(), true);
});
