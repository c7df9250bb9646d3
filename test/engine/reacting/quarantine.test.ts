import { test } from 'tap';
import { listResult, retryResult, skipResult } from '../../../src/commands/quarantine.js';
import { Refusal } from '../../../src/engine/core/errors.js';
import { makeCheckpoint } from '../../../src/engine/projecting/checkpoints.js';
import { checkpointIdOf, type Reactor } from '../../../src/engine/reacting/reactor.js';
import { reactorStatuses } from '../../../src/engine/reacting/status.js';
import { quarantineOver } from '../../support/engine-parts.js';
import { until } from '../projecting/running.js';
import { type Acting, acting, allNotes, checkpoint, gate, job, noting, notesOf } from './noting.js';

/** What the commands of the quarantine work with. */
function operating({ pool, store }: Acting, reactor: Reactor): Parameters<typeof listResult>[0] {
  const tokens = { encode: (position: string) => `at ${position}` };
  return { engine: quarantineOver({ pool, store, reactors: [reactor] }), projections: [], tokens };
}

const refusing = (...refused: readonly number[]): Reactor =>
  noting({
    before(n) {
      if (refused.includes(n)) throw new Refusal('no-note', `No note is taken of ${n}.`);
    },
  });

test('an event that a handler refuses quarantines its stream: its later events wait, other streams continue', async (t) => {
  const stage = await acting(t);
  const { store, pool, start, reached, done, log } = stage;
  start(refusing(2));
  await done('a', 1, 2, 3);
  const last = await done('b', 4);
  t.ok(await reached(last), 'the checkpoint moves past it');
  t.same(await allNotes(store), [1, 4]);
  const held = { reactor: 'noting', stream: 'job-a', revision: 1, message: 'No note is taken of 2.' };
  t.match(
    log.lines.filter(({ level }) => level === 'error'),
    [{ fields: held }],
  );
  const sources = { pool, store, reactors: [refusing(2)] };
  t.match(await reactorStatuses(sources, { cap: 10 }), [{ state: 'degraded', quarantined: 1, lag_events: 0 }]);
  const { document, text } = await listResult(operating(stage, refusing(2)), {});
  const entry = { model: 'noting', stream: 'job-a', revision: 1, type: 'JobDone', waiting: 2, version: null };
  t.match(document, { quarantined: [entry], skipped: [], stopped: [] });
  t.match(text, /^noting {2,}job-a@1 .* 2 events wait/m, 'a reactor has no build to tell the number of');
});

test('a retry by mended code handles the waiting events in order, and the reactor takes over from there', async (t) => {
  const stage = await acting(t);
  const { store, pool, start, reached, done } = stage;
  const former = start(refusing(1));
  t.ok(await reached(await done('a', 1, 2)));
  const again = await retryResult(operating(stage, refusing(1)), { streams: ['job-a'] });
  t.equal(again.exitCode, 1, 'by the same code it still waits');
  t.match(again.text, /^noting {2}job-a: events that have taken effect: 0, WAITS at 0/);
  t.match(again.document, {
    retried: [{ version: null, events: 0, held: { revision: 0, error: 'No note is taken of 1.' } }],
  });
  await former.stop();
  start(refusing());
  t.ok(await reached(await done('a', 3)), 'what waits still waits for the operator');
  t.same(await allNotes(store), []);
  const { document, exitCode } = await retryResult(operating(stage, refusing()), { streams: [] });
  t.equal(exitCode, 0);
  t.match(document, { retried: [{ model: 'noting', stream: 'job-a', events: 3, held: null }] });
  t.ok(await reached(await done('a', 4)));
  t.same(
    (await notesOf(store, 'a')).map(({ data }) => data['n']),
    [1, 2, 3, 4],
  );
  t.match(await checkpoint(pool), { quarantined: 0, events: 4 });
});

test('a retry that meets another event that is refused leaves the stream waiting there', async (t) => {
  const stage = await acting(t);
  const { store, start, reached, done } = stage;
  start(refusing(1));
  t.ok(await reached(await done('a', 1, 2, 3)));
  const { document, exitCode } = await retryResult(operating(stage, refusing(3)), { streams: [] });
  t.equal(exitCode, 1);
  t.match(document, { retried: [{ events: 2, held: { revision: 2, error: 'No note is taken of 3.' } }] });
  t.same(await allNotes(store), [1, 2]);
});

test('a skipped event is left out for good, and the later events of its stream are handled', async (t) => {
  const stage = await acting(t);
  const { store, pool, start, reached, done } = stage;
  const running = start(refusing(1));
  t.ok(await reached(await done('a', 1, 2)));
  const skip = { stream: 'job-a@0', reason: 'a job that never was' };
  const { document } = await skipResult(operating(stage, refusing(1)), skip);
  t.match(document, { skipped: [{ model: 'noting', stream: 'job-a', revision: 0, events: 1, held: null }] });
  t.same(await allNotes(store), [2]);
  t.match((await listResult(operating(stage, refusing(1)), {})).document, {
    quarantined: [],
    skipped: [{ model: 'noting', stream: 'job-a', revision: 0, reason: 'a job that never was' }],
  });
  await running.stop();
  await pool.query('delete from orderlog.checkpoints');
  start(refusing(1));
  t.ok(await reached(await done('b', 3)), 'from the beginning of the log as well');
  t.same(await allNotes(store), [2, 3]);
});

test('a stream is retried and skipped while the checkpoint is still before its event', async (t) => {
  const stage = await acting(t);
  const { store, start, reached, done } = stage;
  const slow = gate();
  let isMended = false;
  const reactor = noting({
    async before(n) {
      if (n === 1) await slow.opened;
      if (n === 2 && !isMended) throw new Refusal('no-note', 'No note is taken of 2.');
      if (n === 4) throw new Refusal('no-note', 'No note is taken of 4.');
    },
  });
  start(reactor);
  const before = await done('slow', 1);
  await done('a', 2, 3);
  const last = await done('b', 4, 5);
  const deps = operating(stage, reactor);
  const list = async (): Promise<{ quarantined: object[] }> =>
    (await listResult(deps, {})).document as { quarantined: object[] };
  await until(async () => (await list()).quarantined.length === 2);
  t.ok((await checkpoint(stage.pool)).position < before, 'an older event of another stream is still under way');
  t.match(await list(), { quarantined: [{ stream: 'job-a', waiting: 1 }, { waiting: 1 }] });
  t.match((await retryResult(deps, { streams: ['job-a'] })).document, {
    retried: [{ events: 0, held: { revision: 0, error: 'No note is taken of 2.' } }],
  });
  isMended = true;
  t.match((await retryResult(deps, { streams: ['job-a'] })).document, { retried: [{ events: 1, held: null }] });
  const skip = { stream: 'job-b@0', reason: 'a job that never was' };
  t.match((await skipResult(deps, skip)).document, { skipped: [{ revision: 0, reason: skip.reason, held: null }] });
  t.match(await list(), { quarantined: [] });
  slow.open();
  t.ok(await reached(last));
  t.same(await allNotes(store), [1, 2, 3, 5], 'the owner handles what is behind them');
  t.same((await list()).quarantined, []);
});

test('an event of a type that this release does not know, or of another shape, quarantines its stream', async (t) => {
  const { store, pool, start, reached } = await acting(t);
  start(noting());
  await store.append('job-a', [job(1), job(2, 'JobPostponed'), job(3)], 'none');
  await store.append('job-b', [{ ...job(4), data: { n: 'four' } }, job(5)], 'none');
  t.ok(await reached((await store.append('job-c', [job(6)], 'none')).position));
  t.same(await allNotes(store), [1, 6]);
  const { rows } = await pool.query('select stream, revision from orderlog.quarantine order by stream');
  t.same(rows, [
    { stream: 'job-a', revision: 1 },
    { stream: 'job-b', revision: 0 },
  ]);
});

test('an event of a newer schema version stops the reactor before it, for a process of the newer release', async (t) => {
  const { store, pool, start, reached, done, log } = await acting(t);
  const before = await done('a', 1);
  const newer = job(2);
  await store.append('job-b', [{ ...newer, metadata: { ...newer.metadata, schema_version: 2 } }], 'none');
  start(noting());
  await until(() =>
    log.lines.some(({ message }) => message.startsWith('reactor stopped: only a process of the newer')),
  );
  t.ok(await reached(before));
  t.match(await checkpoint(pool), { position: before, quarantined: 0 });
});

test('with a thousand quarantined streams the next failure stops the reactor, until its event is skipped', async (t) => {
  const stage = await acting(t);
  const { store, pool, start, reached, done, log } = stage;
  const of = checkpointIdOf({ name: 'noting' });
  await makeCheckpoint(pool, of);
  await pool.query(
    `insert into orderlog.quarantine (model, build, stream, revision, position, type, message)
     select 'noting', ${of.build}, 'job-x' || n, 0, '', 'JobDone', 'refused' from generate_series(1, 1000) n`,
  );
  start(refusing(2));
  const before = await done('a', 1);
  await done('b', 2);
  await until(() => log.lines.some(({ message }) => message.startsWith('reactor stopped')));
  t.match(log.lines.at(-1)?.fields, { stream: 'job-b', message: /1000 keys wait already/ });
  await until(async () => (await checkpoint(pool)).state === 'stopped');
  t.match(await checkpoint(pool), { position: before });
  t.match((await listResult(operating(stage, refusing(2)), {})).document, { stopped: [{ stream: 'job-b' }] });
  await skipResult(operating(stage, refusing(2)), { stream: 'job-b', reason: 'one too many' });
  t.ok(await reached(await done('c', 3)), 'the process that runs the reactor takes it up again');
  t.same(await allNotes(store), [1, 3]);
});
