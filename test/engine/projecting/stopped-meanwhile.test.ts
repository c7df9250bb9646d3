import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { skipResult } from '../../../src/commands/quarantine.js';
import { WrongUse } from '../../../src/commands/output.js';
import { fence } from '../../../src/engine/projecting/checkpoints.js';
import type { AnyProjection } from '../../../src/engine/projecting/projection.js';
import { quarantineOver } from '../../support/engine-parts.js';
import { failure } from '../../support/event-store/case.js';
import { type Stage, stage, until } from './running.js';
import { append, counted, tally } from './tally.js';

const of = { name: 'late', build: 1 };

function refuse(amount: number): void {
  if (amount === 13) throw new Error('thirteen can not be counted');
}

async function state({ pool }: Stage): Promise<string | undefined> {
  const { rows } = await pool.query<{ state: string }>('select state from orderlog.checkpoints');
  return rows[0]?.state;
}

/** The page has locked the row of the checkpoint. */
async function isLocked({ pool }: Stage): Promise<boolean> {
  return (await pool.query('select from orderlog.checkpoints for update skip locked')).rowCount === 0;
}

/** Somebody waits for the row of the checkpoint. */
async function isAwaited({ pool }: Stage): Promise<boolean> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  return (await pool.query(waiting)).rowCount !== 0;
}

test('a projection that loses its lease at the moment in which it stops is run again, and stops for all to see', async (t) => {
  const running = await stage(t);
  const { pool, store, start, reached } = running;
  let isBad = false;
  let tries = 0;
  const fences: Promise<unknown>[] = [];
  start(
    tally('late', {
      apply: refuse,
      async open() {
        if (!isBad) return;
        tries += 1;
        // The second is the last try: what fails then stops the projection. The fence comes as soon as it is rolled back.
        if (tries !== 2) return;
        await until(() => isLocked(running));
        fences.push(fence(pool, of));
        await until(() => isAwaited(running));
      },
    }),
  );
  t.ok(await reached('late', await append(store, counted())));
  isBad = true;
  await append(store, counted(13));
  await until(() => fences.length > 0);
  await Promise.all(fences);
  await until(async () => (await state(running)) === 'stopped');
  t.ok(tries > 2, 'it came to the event again');
});

test('a projection that has stopped takes over from a process that got past its event and was killed', async (t) => {
  const running = await stage(t);
  const { pool, store, start, reached } = running;
  start(tally('late', { apply: refuse }));
  const position = await append(store, counted(13));
  await until(async () => (await state(running)) === 'stopped');
  const other = `lease_owner = 'killed', lease_epoch = lease_epoch + 1, state = 'running', error = null, position = $1`;
  await pool.query(`update orderlog.checkpoints set ${other}, lease_until = clock_timestamp() + interval '3 seconds'`, [
    position,
  ]);
  const last = await append(store, counted());
  await sleep(500);
  t.equal(await state(running), 'running', 'nobody takes the lease of a process that may live');
  t.ok(await reached('late', last));
});

test('a skip that comes when the projection has been taken up again skips nothing, and says so', async (t) => {
  const running = await stage(t);
  const { pool, store, start } = running;
  const projection = tally('late', { apply: refuse }) as AnyProjection;
  const projectors = start(projection);
  await store.append('test-bad', [counted(13)], 'none');
  await until(async () => (await state(running)) === 'stopped');
  await projectors.stop();
  const read = store.read.bind(store);
  store.read = async function* (stream, options) {
    await pool.query(`update orderlog.checkpoints set state = 'running', error = null`);
    yield* read(stream, options);
  };
  const deps = { engine: quarantineOver({ pool, store }), projections: [projection], tokens: { encode: String } };
  const refused = await failure(skipResult(deps, { stream: 'test-bad@0', reason: 'too late' }));
  t.type(refused, WrongUse);
  t.match(refused, { message: /test-bad does not wait there any more; nothing was skipped/ });
  t.equal((await pool.query('select from orderlog.skipped_events')).rowCount, 0);
});
