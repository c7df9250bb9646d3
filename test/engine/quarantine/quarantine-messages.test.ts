import { test } from 'tap';
import { messageOf } from '../../../src/engine/quarantine/quarantine.js';
import { quarantinedIn } from '../../../src/engine/quarantine/quarantined.js';
import { keyedSums } from '../projecting/keyed-sums.js';
import { stage, until } from '../projecting/running.js';
import { counted } from '../projecting/tally.js';

const unstorable = `a half \ud800, a NUL \u0000\nand "a line"`;

function refuse(): void {
  throw new Error(unstorable);
}

test('a key is quarantined whatever characters the error message has', async (t) => {
  const { store, pool, start, log, reached } = await stage(t);
  start(keyedSums('sums', refuse));
  const { position } = await store.append('order-1', [counted()], 'any');
  t.ok(await reached('sums', position), 'the checkpoint goes past it');
  t.match(await quarantinedIn(pool, { name: 'sums', build: 1 }), [
    { stream: 'order-1', message: 'a half \\ud800, a NUL \\u0000 and "a line"' },
  ]);
  t.notOk(log.lines.some(({ level }) => level === 'warn'));
});

test('a projection stops whatever the characters of the message', async (t) => {
  const { store, pool, start, log } = await stage(t);
  start(keyedSums('sums', refuse));
  await store.append('product-1', [counted()], 'any');
  await until(() => log.lines.some(({ level }) => level !== 'info'));
  await until(
    async () => (await pool.query(`select from orderlog.checkpoints where state <> 'running'`)).rowCount === 1,
  );
  const { rows } = await pool.query('select state, error from orderlog.checkpoints');
  t.match(rows, [{ state: 'stopped', error: { message: 'a half \\ud800, a NUL \\u0000 and "a line"' } }]);
});

test('a message is one line, and is not cut within a character', (t) => {
  t.equal(messageOf(new Error(`${'x'.repeat(499)}😀`)), `${'x'.repeat(499)}😀`);
  t.equal(messageOf(new Error(`${'x'.repeat(499)}😀y`)), `${'x'.repeat(499)}😀…`);
  t.equal(messageOf('[\r\n  {\t"code": 1 }\u0085\u2028]\n'), '[ { "code": 1 } ]');
  t.equal(messageOf('\u0000 \u001b[31m \n'), '\\u0000 \\u001b[31m');
  t.end();
});
