import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { processorFigure, Processors } from '../../bench/processor-time.js';

const BURNT_MS = 400;
/** A process that only waits still needs a moment now and then, and the system counts in steps of 10 ms. */
const IDLE_MS = BURNT_MS / 4;

t.test('time counts for the server and for each process of Postgres, from when it began, by answers', async (t) => {
  // This process stands for the postmaster: what it starts are the sessions.
  writeFileSync(join(t.testdir(), 'postmaster.pid'), `${process.pid}\n/somewhere\n`);
  const processors = new Processors(t.testdirName);
  const burn = `
    const until = process.cpuUsage().user + ${BURNT_MS * 1_000};
    while (process.cpuUsage().user < until);
    console.log('done'); setInterval(() => undefined, 1_000);`;
  const session = async (): Promise<ReturnType<typeof spawn>> => {
    const child = spawn(process.execPath, ['-e', burn], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return child;
  };
  const children = [await session()];
  t.teardown(() => children.forEach((child) => child.kill('SIGKILL')));
  const spent = processors.begin(children[0]?.pid ?? 0);
  const before = spent(1);
  t.ok(before.server < IDLE_MS && before.postgres < IDLE_MS, `what was spent before does not count: ${before.server}`);
  children.push(await session());
  const { server, postgres } = spent(2);
  t.ok(server < IDLE_MS, `nothing of the other process: ${server}`);
  t.ok(postgres >= (BURNT_MS - 20) / 2, `half of ${BURNT_MS} ms or a little more for each of two answers: ${postgres}`);
});

t.test('the figure adds server and Postgres up, and says what ratio of rates they allow', async (t) => {
  const ours = [
    { server: 0.5, postgres: 0.25 },
    { server: 0.25, postgres: 0.25 },
  ];
  const peer = [
    { server: 0.5, postgres: 1 },
    { server: 0.5, postgres: 0.5 },
  ];
  const figure = processorFigure('orders', ours, peer);
  t.match(figure, { unit: 'ms', ours: [0.75, 0.5], peer: [1.5, 1], mark: null });
  t.match(figure?.what, 'processor time per answer, orders');
  t.match(figure?.detail, 'rates can differ by 2.0 times');
  const none = { server: 0, postgres: 0 };
  t.equal(processorFigure('orders', [none], [none]), null, 'no figure where the system tells nothing');
});
