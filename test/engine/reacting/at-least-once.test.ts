import { test } from 'tap';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import { EventStoreUnavailable, Refusal, WrongExpectedRevision } from '../../../src/engine/core/errors.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { forgetLostHistory } from '../../../src/engine/projecting/forget-lost.js';
import { derivedContext } from '../../../src/engine/reacting/derived-context.js';
import { MemoryVault } from '../../../src/engine/testing.js';
import { until } from '../projecting/running.js';
import { acting, allNotes, checkpoint, gate, job, notes, noting, notesOf } from './noting.js';

/** As if its owner had been silent for too long. */
const LOSE_LEASE = `update orderlog.checkpoints set lease_epoch = lease_epoch + 1, lease_until = timestamptz 'epoch'`;

test('a restart begins at the checkpoint: what was done is not handled again', async (t) => {
  const { store, start, reached, done } = await acting(t);
  const seen: number[] = [];
  const reactor = noting({ before: (n) => void seen.push(n) });
  const first = start(reactor);
  t.ok(await reached(await done('a', 1, 2)));
  await first.stop();
  const last = await done('a', 3);
  start(reactor);
  t.ok(await reached(last));
  t.same(seen, [1, 2, 3]);
  t.same(await allNotes(store), [1, 2, 3]);
});

test('a reactor whose checkpoint is gone, as after a restore, begins at the start, and every effect is there once', async (t) => {
  const { pool, store, start, reached, done } = await acting(t);
  const seen: number[] = [];
  const reactor = noting({ before: (n) => void seen.push(n) });
  const first = start(reactor);
  t.ok(await reached(await done('a', 1, 2)));
  await first.stop();
  await pool.query('delete from orderlog.checkpoints');
  start(reactor);
  t.ok(await reached(await done('b', 3)));
  t.same(seen.toSorted(), [1, 1, 2, 2, 3]);
  t.same(await allNotes(store), [1, 2, 3]);
});

test('a new version of the code keeps the checkpoint', async (t) => {
  const { start, reached, done } = await acting(t);
  const seen: number[] = [];
  const first = start(noting({ before: (n) => void seen.push(n) }));
  t.ok(await reached(await done('a', 1)));
  await first.stop();
  start(noting({ before: (n) => void seen.push(n * 10) }, { version: 2 }));
  t.ok(await reached(await done('a', 2)));
  t.same(seen, [1, 20]);
});

test('an owner that lost its lease while it handles an event, and the next one: the effect is there once', async (t) => {
  const { pool, store, startAs, reached, done, log } = await acting(t);
  const held = gate();
  const begun: string[] = [];
  const signals: AbortSignal[] = [];
  const reactor = (who: string): ReturnType<typeof noting> =>
    noting({
      async before(_, { signal }) {
        begun.push(who);
        signals.push(signal);
        if (who === 'former') await held.opened;
      },
      after: () => void begun.push(`${who} has done it`),
    });
  startAs('former', reactor('former'));
  const last = await done('a', 1);
  await until(() => begun.length === 1);
  startAs('next', reactor('next'));
  await pool.query(LOSE_LEASE);
  await until(async () => (await notesOf(store, 'a')).length === 1);
  t.ok(await reached(last));
  await until(() => signals[0]?.aborted ?? false);
  held.open();
  await until(() => begun.includes('former has done it'));
  t.equal((await notesOf(store, 'a')).length, 1);
  await until(() => log.lines.some(({ message }) => message.startsWith('reactor lost')));
});

test('what a reactor records names the event that it reacts to, and belongs to the same request', async (t) => {
  const { store, start, reached } = await acting(t);
  start(noting());
  const cause = job(1);
  t.ok(await reached((await store.append('job-a', [cause], 'any')).position));
  const [note] = await notesOf(store, 'a');
  t.match(note?.metadata, { causation_id: cause.id, correlation_id: 'c-1' });
  t.not(note?.metadata['command_id'], cause.id);
});

test('what a sweep records names its command: it reacts to no event', async (t) => {
  const { store } = await acting(t);
  const sweep = derivedContext({ reactor: 'noting', event: null, purpose: 'sweep' });
  await new CommandHandler(store, new MemoryVault()).execute(notes, 'b', { type: 'TakeNote', n: 2 }, sweep);
  const [note] = await notesOf(store, 'b');
  t.match(note?.metadata, { causation_id: sweep.commandId, command_id: sweep.commandId });
});

test('the ids of a command follow from reactor, event and purpose', (t) => {
  const event = { id: '0198c0de-0000-7000-8000-000000000001', metadata: { correlation_id: 'request' } };
  const once = derivedContext({ reactor: 'a', event, purpose: '' });
  const again = derivedContext({ reactor: 'a', event, purpose: '' });
  t.equal(again.commandId, once.commandId);
  t.equal(again.eventId('note-1', 0), once.eventId('note-1', 0));
  const others = [
    derivedContext({ reactor: 'b', event, purpose: '' }),
    derivedContext({ reactor: 'a', event: { ...event, id: '0198c0de-0000-7000-8000-000000000002' }, purpose: '' }),
    derivedContext({ reactor: 'a', event, purpose: 'other' }),
  ];
  const ids = [once, ...others].flatMap((one) => [one.commandId, one.eventId('note-1', 0), one.eventId('note-1', 1)]);
  t.equal(new Set(ids).size, ids.length, 'and differ with each of them');
  t.match(once, { correlationId: 'request', keyed: true, actor: { kind: 'system', id: null } });
  t.end();
});

const notTheEvents: Readonly<Record<string, () => Error>> = {
  'the log is away': () => new EventStoreUnavailable('away'),
  'a lost race': () => new Refusal('revision-conflict', 'Others changed it.'),
  'an append that was overtaken': () => new WrongExpectedRevision('note-a', 0, 1),
  'a read model that is behind': () => new Refusal('read-model-behind', 'Not yet.'),
  'a broken connection': () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  'a deadlock, told by another error': () =>
    new Error('could not look it up', { cause: Object.assign(new Error('deadlock detected'), { code: '40P01' }) }),
};

for (const [what, error] of Object.entries(notTheEvents)) {
  test(`an error that may pass is tried again until it has passed, and its event is not blamed: ${what}`, async (t) => {
    const { pool, store, start, reached, done, log } = await acting(t);
    let left = 3;
    start(
      noting({
        before(n) {
          if (n === 1 && left-- > 0) throw error();
        },
      }),
    );
    t.ok(await reached(await done('a', 1, 2)));
    t.same(await allNotes(store), [1, 2]);
    t.match(await checkpoint(pool), { quarantined: 0, state: 'running' });
    const warned = log.lines.filter(({ message }) => message === 'a reaction is tried again');
    t.match(warned, [{ fields: { stream: 'job-a', revision: 0 } }], 'one line for the event');
    t.notOk(log.lines.some(({ level }) => level === 'error'));
  });
}

test('a checkpoint ahead of the log stops the reactor, and a rebuild lets it begin again', async (t) => {
  const { pool, start, startOn, reached, done, log } = await acting(t);
  const first = start(noting());
  t.ok(await reached(await done('a', 1, 2)));
  await first.stop();
  const older = new MemoryEventStore();
  startOn(older, noting());
  await until(() => log.lines.some(({ level }) => level === 'error'));
  t.match(log.lines.at(-1), {
    message: /^reactor stopped/,
    fields: { reactor: 'noting', message: /lost what this reactor has followed.*run orderlog rebuild/ },
  });
  await until(async () => (await checkpoint(pool)).state === 'stopped');
  await forgetLostHistory({ pool, store: older });
  t.match(await checkpoint(pool), { position: '', events: 0 });
  t.match(await checkpoint(pool), { state: /idle|running/ });
});
