/** A disk that is full, told by the system as any other that has no more room: by a limit on files, or by /dev/full. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testDatabase } from '../support/database.js';
import {
  ended,
  type Ended,
  orderlog,
  type Settings,
  settingsFor,
  temporaryFolder,
  until,
} from '../support/orderlog.js';
import { tinyPdf } from '../support/tiny-pdf.js';

const CLI = join(import.meta.dirname, '../../src/cli.js');
const SEED = join(import.meta.dirname, '../../../seed/demo');

/** Runs a command by the shell, whose `$0` it is. */
function shell(settings: Settings, script: string, ...args: string[]): Promise<Ended> {
  return ended(begun(settings, script, ...args));
}

function begun(settings: Settings, script: string, ...args: string[]): ChildProcess {
  return spawn('sh', ['-c', script, process.execPath, CLI, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: tmpdir(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts `orderlog serve` under limits of the shell; ended with the test. */
async function limited(t: Test, limits: string): Promise<{ url: string; output: () => string }> {
  const { connectionString } = await testDatabase(t);
  const settings = settingsFor({ connectionString }, temporaryFolder(t));
  const child = begun(settings, `${limits}; exec "$0" "$@"`, 'serve');
  const exit = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (piece: Buffer) => (output += piece.toString()));
  await until(() => /try +curl/.test(output), 120_000);
  return { url: /try +curl -s (http:\/\/[^/\s]+)/.exec(output)?.[1] ?? '', output: () => output };
}

function form(pdf: Buffer, email: string): FormData {
  const form = new FormData();
  form.set('name', 'Ada');
  form.set('email', email);
  form.set('id_proof', new Blob([new Uint8Array(pdf)]), 'proof.pdf');
  return form;
}

async function installation(t: Test): Promise<Settings> {
  const { connectionString } = await testDatabase(t);
  const settings = settingsFor({ connectionString }, temporaryFolder(t));
  t.equal((await orderlog(settings, 'import', SEED)).code, 0);
  return settings;
}

void t.test(
  'a backup that the disk has no room for says so in one line, ends with 3, and leaves nothing',
  async (t) => {
    const settings = await installation(t);
    const folder = temporaryFolder(t);
    const file = join(folder, 'backup.tar');
    // In blocks of 512 or 1,024 bytes: the head of the tar file fits, the tables do not.
    for (const blocks of [0, 8]) {
      const { code, stdout, stderr } = await shell(settings, `ulimit -f ${blocks}; exec "$0" "$@"`, 'backup', file);
      t.equal(code, 3, `${blocks} blocks: ${stderr}`);
      t.equal(stdout, '');
      t.match(stderr, /^orderlog: \S*backup\.tar can not be written: EFBIG.*\n$/m, 'progress aside');
      t.equal(stderr.match(/^orderlog: /gm)?.length, 1, stderr);
      t.same(readdirSync(folder), []);
    }
    t.match(await shell(settings, 'exec "$0" "$@"', 'backup', file), { code: 0 });
    t.same(readdirSync(folder), ['backup.tar'], 'with room again it is made');
  },
);

const FULL = '/dev/full';
const hasFull = existsSync(FULL) && openSync(FULL, 'w') > 0;

void t.test('standard output on a full disk: one line with the cause, and 3, whatever the command', async (t) => {
  if (!hasFull) return t.pass('this system has no /dev/full');
  const settings = await installation(t);
  const commands = [
    ['events'],
    ['events', '--follow', '--json'],
    ['status', '--json'],
    ['audit', 'product', '1'],
    ['--help'],
  ];
  for (const args of commands) {
    const { code, stderr } = await shell(settings, 'exec "$0" "$@" > /dev/full', ...args);
    t.equal(code, 3, `${args.join(' ')}: ${stderr}`);
    t.match(stderr, /^orderlog: standard output can not be written: ENOSPC: no space left on device, write\n$/);
  }
});

void t.test('a reader that leaves is no error, and standard error on a full disk changes nothing', async (t) => {
  const settings = await installation(t);
  for (const args of [['events'], ['status', '--json'], ['audit', 'product', '1']]) {
    const script = '("$0" "$@"; echo "ended with $?" >&2) | head -c 1';
    const { stdout, stderr } = await shell(settings, script, ...args);
    t.equal(stdout.length, 1, args.join(' '));
    t.equal(stderr, 'ended with 0\n');
  }
  if (!hasFull) return;
  t.match(await shell(settings, 'exec "$0" "$@" 2> /dev/full', 'audit', 'order', 'nobody'), { code: 2, stdout: '' });
  t.match(await shell(settings, 'exec "$0" "$@" 2> /dev/full', 'status'), { code: 0, stdout: /order-counts/ });
});

void t.test(
  'an upload that the disk has no room for is 503 with Retry-After, and the cause is in the log',
  async (t) => {
    const { url, output } = await limited(t, 'ulimit -f 100');
    const send = (pdf: Buffer, email: string): Promise<Response> =>
      fetch(`${url}/v1/users`, { method: 'POST', body: form(pdf, email) });
    const refused = await send(tinyPdf(500_000), 'a@example.org');
    t.equal(refused.status, 503);
    t.match(await refused.json(), { code: 'overloaded', detail: /no disk space/ });
    t.equal(refused.headers.get('retry-after'), '10');
    await until(() => /EFBIG.*needs the operator/.test(output()), 60_000);
    const stored = await send(tinyPdf(), 'a@example.org');
    t.equal(stored.status, 201, 'what there is room for is stored');
    const { data } = (await stored.json()) as { data: { user_id: string } };
    const body = form(tinyPdf(500_000), 'x');
    for (const name of ['name', 'email']) body.delete(name);
    const replaced = await fetch(`${url}/v1/users/${data.user_id}/id-proof`, { method: 'PUT', body });
    t.equal(replaced.status, 503);
    const kept = await fetch(`${url}/v1/users/${data.user_id}/id-proof`);
    t.same(Buffer.from(await kept.arrayBuffer()), tinyPdf(), 'and the one before is still there');
  },
);
