import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ended } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';

const root = join(import.meta.dirname, '../../..');
const script = join(root, 'examples/tour.sh');

/** What a step prints: its JSON answer, and the lines behind it. */
function step(steps: readonly string[], number: number): { answer: Record<string, unknown>; lines: readonly string[] } {
  const [, answer = 'null', ...lines] = (steps[number] ?? '').trim().split('\n');
  return { answer: JSON.parse(answer) as Record<string, unknown>, lines };
}

t.test('the tour of the README runs as often as you like, and each step prints what it says', async (t) => {
  const app = await runningApp(t, { seed: demo });
  for (const run of [1, 2]) {
    const { code, stdout, stderr } = await ended(spawn('sh', [script, app.http.url]));
    t.equal(code, 0, stderr);
    const steps = stdout.split(/^# (?=\d)/m);
    t.equal(steps.length, 7, 'six steps');

    const user = step(steps, 1).answer;
    t.match(user, { data: { name: 'Ada Lovelace', status: 'active' } });
    const user_id = (user['data'] as { user_id: string }).user_id;
    const order = step(steps, 2).answer;
    t.match(order, { data: { user_id, status: 'placed', total: 29_800 } });
    const order_id = (order['data'] as { order_id: string }).order_id;
    const paid = step(steps, 3);
    t.match(paid.answer, { data: { order_id, status: 'paid' } });
    t.match(paid.lines.join(), /^Log-Position: \S+$/);
    t.match(step(steps, 4).answer, { status: 409, code: 'order-paid' });
    t.same(step(steps, 5).answer, { data: { placed: 0, paid: run, cancelled: 0 } }, 'it reads its own write');
    const history = step(steps, 6).answer['data'] as readonly { type: string }[];
    t.same(
      history.map(({ type }) => type),
      ['OrderPlaced', 'OrderPaid'],
    );
  }
});

t.test('the tour ends with an error where the application refuses', async (t) => {
  // Without the demo catalog there is no product to order.
  const app = await runningApp(t);
  const { code, stdout } = await ended(spawn('sh', [script, app.http.url]));
  t.not(code, 0);
  t.notMatch(stdout, '# 3.');
});

t.test('the README shows the calls of the script, in their order', async (t) => {
  const calls = (text: string): string[] =>
    [...text.matchAll(/\$api(\/v1[^\s"`?]*)/g)].map(([, path = '']) => path.replace(/<\w+>|\$\w+/g, '{}'));
  const [, shown = ''] = /^## A tour.*?```sh\n(.*?)```/ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  const run = calls(readFileSync(script, 'utf8'));
  t.equal(run.length, 6);
  t.same(calls(shown), run);
});
