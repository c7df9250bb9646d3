import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { progressLine, showProgress } from '../../src/commands/progress.js';

void t.test('a line says how far, how fast, and how long it will take', (t) => {
  t.equal(progressLine('orders', 1200, 5000, 3), 'orders: 1200 of 5000, 400/s, 10 s left');
  t.equal(progressLine('orders', 5000, 5000, 10), 'orders: 5000 of 5000, 500/s');
  t.equal(progressLine('checking', 900, null, 3), 'checking: 900, 300/s');
  t.equal(progressLine('orders', 0, 10, 0), 'orders: 0 of 10, 0/s');
  t.end();
});

void t.test('elsewhere than on a terminal it writes a line every few seconds and one at the end', async (t) => {
  const stream = new PassThrough();
  const progress = showProgress(stream, 200);
  progress.start('orders', 10);
  progress.advance(4);
  await setTimeout(300);
  progress.advance();
  progress.stop();
  progress.stop();
  const lines = String(stream.read()).trim().split('\n');
  t.match(lines, [/^orders: 4 of 10/, /^orders: 5 of 10/]);
  t.equal(lines.length, 2);
});

void t.test('on a terminal it draws a bar', (t) => {
  const terminal = Object.assign(new PassThrough(), {
    isTTY: true,
    cursorTo: () => true,
    clearLine: () => true,
    columns: 80,
  });
  const progress = showProgress(terminal);
  progress.start('orders', 10);
  progress.advance(10);
  progress.stop();
  t.match(String(terminal.read()), /orders .*10\/10/s);
  t.end();
});
