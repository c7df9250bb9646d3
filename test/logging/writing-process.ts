/** Writes numbered lines to standard output: as many as each line of standard input says. Answers on standard error. */
import { createInterface } from 'node:readline';
import { LineWriter } from '../../src/logging/line-writer.js';

// As in the command: where standard output is a socket, Node sets it not to block by this.
process.stdout.on('error', () => undefined);
const writer = new LineWriter(1, (lost) => `lost ${lost}\n`);
let number = 0;
for await (const line of createInterface(process.stdin)) {
  const begun = performance.now();
  for (let left = Number(line); left > 0; left--) writer.write(`${String(++number).padEnd(99, '.')}\n`);
  process.stderr.write(`${JSON.stringify({ lost: writer.lost, ms: performance.now() - begun })}\n`);
}
