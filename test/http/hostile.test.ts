import { randomInt } from 'node:crypto';
import t from 'tap';
import { runningApp } from '../support/running-app.js';
import { sendHostile } from '../support/hostile/run.js';

const SEED = Number(process.env['HOSTILE_SEED'] ?? randomInt(2 ** 31));
const REQUESTS = 500;

void t.test('no hostile request gets a 5xx, or a response that the OpenAPI document does not describe', async (t) => {
  const app = await runningApp(t);
  const { faults, statuses } = await sendHostile({ url: app.http.url, requests: REQUESTS, seed: SEED });
  t.same(faults, [], `HOSTILE_SEED=${SEED} sends the same requests again`);
  t.comment(JSON.stringify(statuses));
  for (const status of [200, 400, 404]) t.ok(statuses[status], `some were ${status}`);
  const { engine, projections } = app.runtime;
  const quiet = { signal: new AbortController().signal, stretch: () => undefined, done: () => undefined };
  t.match(await engine.verify(projections, quiet), { ok: true }, 'the read models are right afterwards');
});
