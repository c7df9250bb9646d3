/** From `npm start` to the first response: in an empty folder, and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAtSignal, remove } from '../ending.js';
import { freePort } from '../processes.js';
import type { Row } from '../row.js';

const root = join(import.meta.dirname, '../../..');

export const starting: Row = {
  name: 'starting',
  what: 'npm start until the first response, in an empty folder and again',
  peer: 'none',
  run: async (bench) => {
    const first: number[] = [];
    const second: number[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      const dir = join(bench.folder, `start-${round}`);
      try {
        first.push(await secondsToAnswer(dir));
        second.push(await secondsToAnswer(dir));
      } finally {
        remove(dir);
      }
    }
    const figure = { unit: 's', peer: null };
    return [
      { what: 'first npm start until the first response', ours: first, ...figure, mark: null },
      { what: 'second npm start until the first response', ours: second, ...figure, mark: { atMost: 3 } },
    ];
  },
};

async function secondsToAnswer(dir: string): Promise<number> {
  const port = await freePort();
  const begun = performance.now();
  const { PATH = '', HOME = dir } = process.env;
  // A group of its own: npm does not pass on each signal.
  const child = spawn('npm', ['start'], {
    cwd: root,
    detached: true,
    env: { PATH, HOME, ORDERLOG_DATA_DIR: dir, PORT: String(port), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = once(child, 'exit');
  const end = async (): Promise<void> => {
    if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGTERM');
    await gone;
  };
  endAtSignal(end);
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`);
      const answer = await fetch(`http://127.0.0.1:${port}/v1/orders?limit=1`).catch(() => null);
      if (answer?.ok) return (performance.now() - begun) / 1_000;
      await sleep(20);
    }
  } finally {
    await end();
  }
}
