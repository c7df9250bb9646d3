import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { testDatabase } from '../support/database.js';
import { tinyPdf } from '../support/tiny-pdf.js';
import { ended, orderlog, settingsFor, start, startUnder, temporaryFolder, until } from '../support/orderlog.js';

const SEED = join(import.meta.dirname, '../../../seed/demo');

const wrongUses = [
  ['import'],
  ['import', '/no/such/folder'],
  ['audit', 'category', '1'],
  ['audit', 'order', 'nobody'],
  ['backup', '/no/such/folder/file'],
  ['restore', '/no/such/file'],
  ['events', '--from', 'nowhere'],
  ['events', '--stream'],
  ['seal', '--set-back'],
  ['quarantine', 'skip', 'order-1@0', '--reason'],
  ['no-such-command'],
];

t.test('wrong use is 2, also with --json, and then still one document', async (t) => {
  const { connectionString } = await testDatabase(t);
  const settings = settingsFor({ connectionString }, temporaryFolder(t));
  for (const args of wrongUses) {
    const { code, stdout, stderr } = await orderlog(settings, ...args, '--json');
    t.equal(code, 2, args.join(' '));
    t.match(JSON.parse(stdout), { error: { name: 'WrongUse', message: /./ } });
    t.not(stderr, '');
  }
});

t.test('a configuration that can not be meant is wrong use, whatever the command', async (t) => {
  const settings = { ...settingsFor({ connectionString: 'mysql://x' }, temporaryFolder(t)), PORT: '65536' };
  for (const command of [['serve'], ['status'], ['import', SEED]]) {
    const { code, stdout, stderr } = await orderlog(settings, ...command);
    t.equal(code, 2, command.join(' '));
    t.equal(stdout, '');
    t.match(stderr, /2 problems:\n.*DATABASE_URL.*\n.*PORT is "65536"/);
  }
});

t.test('what the server refuses of DATABASE_URL is wrong use, with a remedy', async (t) => {
  const { pool, connectionString } = await testDatabase(t);
  const [, user = '', password = '', rest = ''] = /^postgres:\/\/(.*?):(.*?)(@.*)$/.exec(connectionString) ?? [];
  const role = `without_rights_${randomUUID().slice(0, 8)}`;
  await pool.query(`create role ${role} login password '${role}'`);
  const folder = temporaryFolder(t);
  const cases: [string, RegExp][] = [
    [connectionString.replace(/[^/]*$/, 'no_such'), /database "no_such" does not exist: make it with CREATE DATABASE/],
    [
      `postgres://${user}:not${password}${rest}`,
      /password authentication failed .*: set DATABASE_URL, or DATABASE_PASS/,
    ],
    [`postgres://${role}:${role}${rest}`, /permission denied .*: let the owner of the database run orderlog migrate/],
  ];
  try {
    for (const [url, message] of cases) {
      const { code, stderr } = await orderlog(settingsFor({ connectionString: url }, folder), 'migrate');
      t.equal(code, 2, stderr);
      t.match(stderr, message);
    }
  } finally {
    await pool.query(`drop role ${role}`);
  }
});

t.test('a database that refuses, is not there or says nothing is 3', async (t) => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  t.teardown(() => mute.close());
  const { port } = mute.address() as AddressInfo;
  const urls = ['postgres://127.0.0.1:1/x', 'postgres:///x?host=/no/such/folder', `postgres://127.0.0.1:${port}/x`];
  const folder = temporaryFolder(t);
  for (const connectionString of urls) {
    for (const command of ['serve', 'status']) {
      const { code, stdout } = await orderlog(settingsFor({ connectionString }, folder), command, '--json');
      t.equal(code, 3, `${command} with ${connectionString}`);
      t.match(JSON.parse(stdout), { error: { message: /^the database can not be reached: / } });
    }
  }
});

/** Ends a process that loads one of these packages. */
function refusing(...packages: readonly string[]): string {
  const hooks = `export const resolve = (name, context, next) => {
    if (${JSON.stringify(packages)}.includes(name)) throw new Error('it loads ' + name);
    return next(name, context);
  };`;
  const asUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
  return asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(hooks))});`);
}

t.test('what answers requests and what migrates is loaded by the commands that do so alone', async (t) => {
  const settings = settingsFor(await testDatabase(t), temporaryFolder(t));
  const under = (command: string) => ended(startUnder(['--import', refusing('fastify', 'knex')], settings, command));
  for (const command of ['status', 'verify', 'events']) {
    const { code, stderr } = await under(command);
    t.equal(code, 0, `${command}: ${stderr}`);
  }
  for (const [command, wanted] of [
    ['serve', 'fastify'],
    ['migrate', 'knex'],
  ] as const) {
    const { code, stderr } = await under(command);
    t.not(code, 0, command);
    t.match(stderr, `it loads ${wanted}`);
  }
});

async function hasPrinted(child: ChildProcess, position: string): Promise<void> {
  let printed = '';
  child.stdout?.on('data', (piece: Buffer) => (printed += piece.toString()));
  await until(() => printed.includes(`"${position}"`));
}

t.test('events are lines or one array, up to the end, or until nobody listens any more', async (t) => {
  const { connectionString } = await testDatabase(t);
  const settings = settingsFor({ connectionString }, temporaryFolder(t));
  t.equal((await orderlog(settings, 'import', SEED)).code, 0);
  const parsed = (text: string): { stream: string; position: string }[] =>
    JSON.parse(text) as { stream: string; position: string }[];

  const { stdout } = await orderlog(settings, 'events');
  const lines = stdout.split('\n').filter((line) => line !== '');
  const all = lines.map((line) => JSON.parse(line) as { stream: string; position: string });
  t.same(parsed((await orderlog(settings, 'events', '--json')).stdout), all);
  const after = all[3]?.position ?? '';
  t.same(parsed((await orderlog(settings, 'events', '--from', after, '--json')).stdout), all.slice(4));
  t.same(parsed((await orderlog(settings, 'events', '--from', all.at(-1)?.position ?? '', '--json')).stdout), []);
  const tree = all.filter(({ stream }) => stream === 'categoryTree-main');
  t.same(
    parsed((await orderlog(settings, 'events', '--stream', 'categoryTree-main', '--from', '2', '--json')).stdout),
    tree.slice(2),
  );

  const following = start(settings, 'events', '--follow', '--json');
  const end = ended(following);
  await hasPrinted(following, all.at(-1)?.position ?? '');
  following.kill('SIGTERM');
  const followed = await end;
  t.equal(followed.code, 0);
  t.same(parsed(followed.stdout), all, 'an array that is followed is closed at the end');

  const left = start(settings, 'events', '--follow');
  let stderr = '';
  left.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const gone = once(left, 'exit');
  await hasPrinted(left, all.at(-1)?.position ?? '');
  left.stdout?.destroy();
  // Something that it would have to print to nobody.
  const more = temporaryFolder(t);
  writeFileSync(join(more, 'categories.csv'), 'cat_id,code,name,parent_cat_id\n99,late,Late,\n');
  t.equal((await orderlog(settings, 'import', more)).code, 0);
  t.equal((await gone)[0], 0);
  t.equal(stderr, '');
});

t.test('serve with --json greets with one document, and logs elsewhere', async (t) => {
  const { connectionString } = await testDatabase(t);
  const data = temporaryFolder(t);
  const settings = { ...settingsFor({ connectionString }, data), LOG_LEVEL: 'info' };
  const child = start(settings, 'serve', '--json');
  const end = ended(child);
  child.stdout?.once('data', () => child.kill('SIGTERM'));
  const { code, stdout, stderr } = await end;
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    api: /\/v1$/,
    docs: /\/docs$/,
    data,
    try: /^curl -s http/,
  });
  t.match(stderr, /shutting down/);
});

t.test('an id proof that is none is found before anything is appended', async (t) => {
  const { connectionString } = await testDatabase(t);
  const settings = settingsFor({ connectionString }, temporaryFolder(t));
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'categories.csv'), 'cat_id,code,name,parent_cat_id\n1,,Late,\n');
  const rows = ['u1,Ada,ada@x.org,text.pdf', 'u2,Bo,bo@x.org,proof.pdf', 'u3,Cy,cy@x.org,empty.pdf'];
  writeFileSync(join(dir, 'users.csv'), ['user_ref,name,email,id_proof', ...rows].join('\n'));
  writeFileSync(join(dir, 'text.pdf'), 'hello');
  writeFileSync(join(dir, 'proof.pdf'), tinyPdf());
  writeFileSync(join(dir, 'empty.pdf'), '');
  const { code, stdout } = await orderlog(settings, 'import', dir, '--json');
  t.equal(code, 1);
  t.match(JSON.parse(stdout), {
    appended: 0,
    findings: [
      { file: 'users.csv', line: 2, column: 'id_proof', value: 'text.pdf', message: /%PDF-/ },
      { file: 'users.csv', line: 4, column: 'id_proof', value: 'empty.pdf' },
    ],
  });
  t.match(JSON.parse((await orderlog(settings, 'import', dir, '--json', '--on-error', 'report')).stdout), {
    appended: 3,
    findings: { length: 2 },
  });
});
