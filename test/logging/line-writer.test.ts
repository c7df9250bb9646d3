import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';

interface Written {
  readonly lost: number;
  readonly ms: number;
}

/** Ends in time also where it has to wait for the machine; one that blocks would never end. */
const SOON_MS = 30_000;
const PIPE: StdioOptions = ['pipe', 'pipe', 'pipe'];

function writing(t: Test, stdio: StdioOptions): { child: ChildProcess; write(lines: number): Promise<Written> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writing-process.js')], { stdio });
  t.teardown(() => child.kill('SIGKILL'));
  if (!child.stderr) throw new Error('it has no standard error');
  const answers = createInterface(child.stderr)[Symbol.asyncIterator]();
  return {
    child,
    async write(lines) {
      child.stdin?.write(`${lines}\n`);
      return JSON.parse(String((await answers.next()).value)) as Written;
    },
  };
}

async function end(child: ChildProcess): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.stdin?.end();
  return (await exit)[0];
}

t.test(
  'lines for a pipe that nobody reads wait, then are lost and counted, and reading makes it work again',
  async (t) => {
    const { child, write } = writing(t, PIPE);
    // Of 100 bytes each: more than the pipe and what may wait take together.
    const { lost, ms } = await write(20_000);
    t.ok(lost > 5_000 && lost < 12_000, `${lost} lines were lost`);
    t.ok(ms < SOON_MS, `${ms} ms`);
    const lines: string[] = [];
    if (child.stdout) createInterface(child.stdout).on('line', (line) => lines.push(line));
    while (!lines.includes(`lost ${lost}`)) await new Promise((resolve) => setTimeout(resolve, 20));
    t.equal(lines.length, 20_000 - lost + 1);
    t.same((await write(1)).lost, lost, 'nothing more is lost');
    while (!lines.at(-1)?.startsWith('20001.')) await new Promise((resolve) => setTimeout(resolve, 20));
    t.equal(lines.filter((line) => line.startsWith('lost')).length, 1, 'which is told once');
    t.equal(await end(child), 0);
  },
);

t.test('lines for a pipe whose reader has gone are lost and counted', async (t) => {
  const { child, write } = writing(t, PIPE);
  t.equal((await write(1)).lost, 0);
  child.stdout?.destroy();
  await once(child.stdout ?? child, 'close');
  t.equal((await write(10)).lost, 10);
  t.equal(await end(child), 0);
});

t.test('lines for a device without room are lost and counted', { skip: !existsSync('/dev/full') }, async (t) => {
  const { child, write } = writing(t, ['pipe', openSync('/dev/full', 'w'), 'pipe']);
  t.equal((await write(3)).lost, 3);
  t.equal((await write(2)).lost, 5);
  t.equal(await end(child), 0);
});

t.test('a process ends though lines wait for a reader', async (t) => {
  const { child, write } = writing(t, PIPE);
  t.equal((await write(5_000)).lost, 0);
  t.equal(await end(child), 0);
});
