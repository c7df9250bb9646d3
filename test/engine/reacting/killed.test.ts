import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Test, test } from 'tap';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { until } from '../projecting/running.js';
import { type Acting, acting, allNotes, checkpoint, noting } from './noting.js';

const onPostgres = (t: Test): Promise<Acting<PostgresEventStore>> =>
  acting(t, ({ pool, connectionString }) => Promise.resolve(new PostgresEventStore(pool, connectionString)));

/** @param killedAt the number of the job after whose note it kills itself */
function otherProcess(t: Test, connection: string, killedAt: number): ChildProcess {
  const child = fork(new URL('./killed-process.js', import.meta.url), [connection, String(killedAt)]);
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

test('a process killed between the effect and the checkpoint: another one takes over, and each effect is there once', async (t) => {
  const { store, start, reached, done, connectionString } = await onPostgres(t);
  for (let n = 1; n <= 30; n++) await done(n % 7, n);
  for (const killedAt of [5, 17]) {
    const [, signal] = (await once(otherProcess(t, connectionString, killedAt), 'exit')) as [null, string];
    t.equal(signal, 'SIGKILL', `after job ${killedAt}`);
    t.ok((await allNotes(store)).includes(killedAt));
  }
  const killed = Date.now();
  start(noting());
  t.ok(await reached(await done('a', 31)));
  t.ok(Date.now() - killed < 10_000, `taken over after ${Date.now() - killed} ms`);
  t.same(
    await allNotes(store),
    Array.from({ length: 31 }, (_, i) => i + 1),
  );
});

test('a killed owner is followed by a process that waits for the lease, within ten seconds', async (t) => {
  const { pool, store, start, done, connectionString } = await onPostgres(t);
  const child = otherProcess(t, connectionString, 0);
  await done('a', 1);
  await until(async () => (await allNotes(store)).length === 1);
  start(noting());
  child.kill('SIGKILL');
  await once(child, 'exit');
  const killed = Date.now();
  await done('a', 2);
  await until(async () => (await allNotes(store)).length === 2);
  t.ok(Date.now() - killed < 10_000, `after ${Date.now() - killed} ms`);
  t.match(await checkpoint(pool), { state: 'running' });
});
