import { Writable } from 'node:stream';
import t from 'tap';
import { EventStoreUnavailable } from '../../src/engine/core/errors.js';
import { Outlet } from '../../src/commands/outlet.js';
import { exitCodeOf, runCommand, ServerUnreachable, unusablePath, WrongUse } from '../../src/commands/output.js';

class Sheet extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    setImmediate(done);
  }
}

async function run(json: boolean, command: Parameters<typeof runCommand>[0]): Promise<[number, string, string]> {
  const stdout = new Sheet();
  const stderr = new Sheet();
  const streams = { stdout: new Outlet(stdout), stderr: new Outlet(stderr) };
  return [await runCommand(command, { json }, streams), stdout.text, stderr.text];
}

const result = { document: { rows: [1] }, text: 'one row', exitCode: 1 } as const;

void t.test('with --json, standard output is exactly one document', async (t) => {
  t.same(await run(true, () => Promise.resolve(result)), [1, '{"rows":[1]}\n', '']);
  t.same(await run(false, () => Promise.resolve(result)), [1, 'one row\n', '']);
});

void t.test('a failure is one document too, and its reason goes to standard error', async (t) => {
  const fail = (): Promise<never> => Promise.reject(new WrongUse('DIR is missing'));
  t.same(await run(true, fail), [
    2,
    '{"error":{"name":"WrongUse","message":"DIR is missing"}}\n',
    'orderlog: DIR is missing\n',
  ]);
  t.same(await run(false, fail), [2, '', 'orderlog: DIR is missing\n']);
});

void t.test('a full disk is 3, and the message says where to make room, once', (t) => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const told = unusablePath(full, '/backups/file', 'written');
  t.match(told, { message: 'ENOSPC: no space left on device, write: make room on the disk of /backups/file' });
  t.equal(unusablePath(told, '/data', 'used'), told);
  t.equal(exitCodeOf(told), 3);
  const elsewhere = Object.assign(new Error('ENOSPC: no space left on device, open'), { code: 'ENOSPC', path: '/b/c' });
  t.match(unusablePath(elsewhere, '/data', 'used'), { message: /make room on the disk of \/b$/ });
  t.end();
});

void t.test('wrong use is 2, a server that is not reachable is 3, any other error 1', (t) => {
  const coded = (code: string): Error => Object.assign(new Error('x'), { code });
  t.equal(exitCodeOf(new WrongUse('x')), 2);
  t.equal(exitCodeOf(new ServerUnreachable('x')), 3);
  t.equal(exitCodeOf(new EventStoreUnavailable('x')), 3);
  t.equal(exitCodeOf(coded('ECONNREFUSED')), 3);
  t.equal(exitCodeOf(coded('57P03')), 3);
  t.equal(exitCodeOf(new AggregateError([coded('ECONNREFUSED')])), 3);
  t.equal(exitCodeOf(new Error('x', { cause: coded('ENOTFOUND') })), 3);
  t.equal(exitCodeOf(coded('23505')), 1);
  t.equal(exitCodeOf('x'), 1);
  t.end();
});
