import { PassThrough } from 'node:stream';
import t from 'tap';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { printAudit } from '../../src/commands/audit.js';
import { Outlet } from '../../src/commands/outlet.js';
import { runCommand, WrongUse } from '../../src/commands/output.js';
import { printableEntry } from '../../src/commands/pretty-log.js';
import { table } from '../../src/commands/table.js';
import { MemoryVault } from '../support/memory-vault.js';
import { orderlog, temporaryFolder } from '../support/orderlog.js';

const HOSTILE = 'a\u001b]0;title\u0007b\u009b31m\u202ec\u0000\ud800\nok all is well';
/** What stands in it and must not come out. A line break must not either, but each output has its own. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\ud800-\udfff]/;

async function printed(command: Parameters<typeof runCommand>[0], json: boolean): Promise<[string, string]> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  await runCommand(command, { json }, { stdout: new Outlet(out), stderr: new Outlet(err) });
  return [String(out.read() ?? ''), String(err.read() ?? '')];
}

void t.test('no control character reaches a terminal from a command, and a document keeps its meaning', async (t) => {
  const document = { name: HOSTILE, [HOSTILE]: [HOSTILE] };
  const [text, remark] = await printed(
    () => Promise.resolve({ document, text: table([[HOSTILE, 'x']]).join('\n'), exitCode: 0, remark: HOSTILE }),
    false,
  );
  for (const one of [text, remark]) t.notMatch(one, OBEYED);
  t.equal(text.split('\n').length, 2, 'a cell does not end its line');
  const [json] = await printed(() => Promise.resolve({ document, text: '', exitCode: 0 }), true);
  t.notMatch(json, OBEYED);
  t.same(JSON.parse(json), document);
});

void t.test('an error is shown without them, and its further lines stand apart', async (t) => {
  const [, err] = await printed(() => Promise.reject(new WrongUse(HOSTILE)), true);
  t.notMatch(err, OBEYED);
  t.match(err, /^orderlog: a\\u001b\]0;title\\u0007b\\u009b31m\\u202ec\\u0000\\ud800\n {2}ok all is well\n$/);
  const [, long] = await printed(() => Promise.reject(new Error('x'.repeat(1_000_000))), false);
  t.ok(long.length < 3_000, 'and shortened');
});

void t.test('an event of the log may hold anything', async (t) => {
  const store = new MemoryEventStore();
  const metadata = { actor: { kind: HOSTILE, id: HOSTILE }, command_id: HOSTILE };
  const data = { [HOSTILE]: HOSTILE, list: [HOSTILE], long: 'x'.repeat(5_000) };
  await store.append('user-1', [{ id: '8c5b0a42-5ae9-4b43-8b0e-4d4c7f0d6f5e', type: HOSTILE, data, metadata }], 'any');
  const out = new PassThrough();
  const handler = new CommandHandler(store, new MemoryVault());
  const options = { kind: 'user', id: '1', json: false } as const;
  await printAudit({ handler }, options, new Outlet(out), new AbortController().signal);
  const text = String(out.read());
  t.notMatch(text, OBEYED);
  t.notMatch(text, /^ok all is well/m);
  t.match(text, /long: x{1000}…/);
});

void t.test('an entry of the pretty log is one line but for its stack', async (t) => {
  const stack = `Error: ${HOSTILE}\n    at a.js`;
  const entry = JSON.stringify({ level: 30, msg: HOSTILE, [HOSTILE]: { deep: [HOSTILE] }, err: { stack } });
  const shown = JSON.parse(printableEntry(entry)) as { level: number; msg: string; err: { stack: string } };
  t.equal(shown.level, 30);
  t.notMatch(JSON.stringify(shown, null, 0).replaceAll('\\n', ''), /\\[nrtbf]/);
  t.notMatch(shown.msg, OBEYED);
  t.notMatch(shown.err.stack, OBEYED);
  t.equal(shown.err.stack.split('\n').length, 3);
});

void t.test('the command line escapes what it was called with', async (t) => {
  const data = temporaryFolder(t);
  const argument = 'x\u001b[31my\u0007\u202e\nz';
  for (const args of [[argument], ['import', argument, '--on-error', argument, '--json']]) {
    const { code, stdout, stderr } = await orderlog({ ORDERLOG_DATA_DIR: data }, ...args);
    t.equal(code, 2, stderr);
    t.notMatch(stdout + stderr, OBEYED);
    t.match(stderr, /x\\u001b\[31my\\u0007\\u202e/);
    if (args.includes('--json')) t.hasProp(JSON.parse(stdout), 'error');
  }
  const { code, stderr } = await orderlog({ ORDERLOG_DATA_DIR: data, PORT: argument }, 'status');
  t.equal(code, 2);
  t.notMatch(stderr, OBEYED);
});
