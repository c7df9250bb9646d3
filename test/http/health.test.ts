import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.js';
import { Drain } from '../../src/http/drain.js';
import type { HealthCheck } from '../../src/http/health.js';
import { createMetrics } from '../../src/http/metrics.js';
import { databaseCheck } from '../../src/open-database.js';
import { testDatabase } from '../support/database.js';
import { openAccess } from './sample-app.js';

const headers = { host: 'localhost' };

/** A check that ends when it is told to, and counts. */
function slow(): HealthCheck & { begun: number; canceled: number; end: () => void } {
  const check = {
    name: 'slow',
    begun: 0,
    canceled: 0,
    end: (): void => undefined,
    check(signal: AbortSignal) {
      check.begun += 1;
      return new Promise<{ ok: boolean }>((resolve) => {
        let isOver = false;
        check.end = (): void => {
          isOver = true;
          resolve({ ok: true });
        };
        signal.addEventListener('abort', () => {
          if (!isOver) check.canceled += 1;
        });
      });
    },
  };
  return check;
}

async function ready(t: Test, check: HealthCheck) {
  const parts = { version: '0.0.0', access: openAccess, checks: [check], metrics: createMetrics(), drain: new Drain() };
  const app = await buildApp({ ...parts, logger: null });
  t.teardown(() => app.close());
  return async () => app.inject({ url: '/health/ready', headers });
}

t.test('who asks while a check is under way gets the answer of that one', async (t) => {
  const check = slow();
  const ask = await ready(t, check);
  const answers = [ask(), ask()];
  await sleep(50);
  answers.push(ask());
  await sleep(50);
  check.end();
  t.same(
    (await Promise.all(answers)).map(({ statusCode }) => statusCode),
    [200, 200, 200],
  );
  t.equal(check.begun, 1);
  const next = ask();
  await sleep(50);
  check.end();
  t.equal((await next).statusCode, 200);
  t.equal(check.begun, 2, 'what is over is not told again');
  t.equal(check.canceled, 0);
});

t.test('a slow check runs as long as somebody waits for it, then it is canceled', async (t) => {
  const check = slow();
  const ask = await ready(t, check);
  const first = ask();
  // In the middle of what each waits, so that a slow machine makes neither of them late.
  await sleep(1_000);
  const second = ask();
  t.match((await first).json(), { checks: { slow: { ok: false, detail: /no answer within 2000 ms/ } } });
  t.equal(check.canceled, 0, 'the second still waits');
  check.end();
  t.equal((await second).statusCode, 200);
  t.equal(check.begun, 1);
  t.equal((await ask()).statusCode, 503);
  t.same([check.begun, check.canceled], [2, 1]);
});

t.test('a database that answers but takes no writes is not ready, and the check says what to do', async (t) => {
  const { pool } = await testDatabase(t);
  const { signal } = new AbortController();
  t.same(await databaseCheck(pool).check(signal), { ok: true });
  const client = await pool.connect();
  try {
    // What a session on a standby finds.
    await client.query('SET default_transaction_read_only = on');
    t.match(await databaseCheck(client).check(signal), { ok: false, detail: /primary/ });
  } finally {
    client.release(true);
  }
});
