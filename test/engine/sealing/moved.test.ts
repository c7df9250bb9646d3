import t from 'tap';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import { testDatabase } from '../../support/database.js';
import { compared, fill, findings, newSigner, quiet, sealsOf, work } from './sealing.js';

const ELSEWHERE = '22222222-2222-4222-8222-222222222222';

/** The same events up to one, recorded later; something of others stands before them. */
async function copyOf(store: EventStore, events = Infinity): Promise<MemoryEventStore> {
  const copy = new MemoryEventStore(() => new Date('2030-01-01T00:00:00.000Z'));
  await copy.append('theirs-1', [{ id: '1', type: 'Other', data: {}, metadata: {} }], 'none');
  for await (const { stream, revision, ...event } of store.readAll({ limit: events })) {
    await copy.append(stream, [event], revision === 0 ? 'none' : revision - 1);
  }
  return copy;
}

t.test('sealing continues in a copy of the log, and earlier lines still fit', async (t) => {
  const { pool } = await testDatabase(t);
  const signer = newSigner();
  const store = new MemoryEventStore();
  await fill(store, 0, 1_200);
  const before = await sealsOf(pool, store, { signer }).seal(work);
  const copy = await copyOf(store);
  const seals = sealsOf(pool, copy, { signer, logId: ELSEWHERE });
  t.match(
    await compared(seals, before.line),
    { findings: [], sealed: 1_200, unsealed: 0 },
    'before anything is sealed there',
  );
  await fill(copy, 1_200, 1_300);
  const after = await seals.seal(work);
  t.match(after, { logId: ELSEWHERE, after: 1_200, through: 1_300 });
  for (const { line } of [before, after]) t.same(await findings(seals, line), []);
  const standings = seals.standings();
  for await (const event of copy.readAll({ filter: { streamPrefixes: ['book-'] } })) {
    if ((await standings.of(event)) !== 'fits') t.fail(`${event.stream}@${event.revision} is not sealed`);
  }
  const back = sealsOf(pool, store, { signer });
  t.match(await findings(back), [/^the log holds 1200 events and its seals cover 1300: 100 are missing/]);
});

t.test('a copy that lacks something is not sealed on', async (t) => {
  const { pool } = await testDatabase(t);
  const signer = newSigner();
  const store = new MemoryEventStore();
  await fill(store, 0, 20);
  await sealsOf(pool, store, { signer }).seal(work);
  const seals = sealsOf(pool, await copyOf(store, 19), { signer, logId: ELSEWHERE });
  await t.rejects(seals.seal(work), { name: 'SealsDoNotFit', message: /does not hold what was sealed in log 1111/ });
});

t.test('a log that was set back to an older copy is sealed no further until somebody says why', async (t) => {
  const { pool } = await testDatabase(t);
  const signer = newSigner();
  const clock = (): Date => new Date('2026-01-01T00:00:00.000Z');
  const store = new MemoryEventStore(clock);
  await fill(store, 0, 50);
  const kept = await sealsOf(pool, store, { signer }).seal(work);
  await fill(store, 50, 100);
  const lost = await sealsOf(pool, store, { signer }).seal(work);
  const older = new MemoryEventStore(clock);
  for await (const { stream, revision, ...event } of store.readAll({ limit: 70 })) {
    await older.append(stream, [event], revision === 0 ? 'none' : revision - 1);
  }
  const told: object[] = [];
  const log = { ...quiet, error: (fields: object, message: string) => void told.push({ ...fields, what: message }) };
  const seals = sealsOf(pool, older, { signer, log });
  await t.rejects(seals.seal(work), {
    name: 'SealsDoNotFit',
    message: /lost event 100, which seal 2 covers.*altered-log/,
  });
  const ends = new AbortController();
  const following = seals.follow(ends.signal);
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  ends.abort();
  await following;
  t.match(told, [{ what: 'the log is not sealed any more', message: /lost event 100/ }]);
  t.match(await findings(seals), [
    /^the log holds 70 events and its seals cover 100: 30 are missing. The first .* seal 2 .* event 71 on behind book-60@9/,
  ]);

  const back = await seals.setBack('restored the copy of Monday', work.signal);
  t.match(back, { number: 3, after: 50, through: 50, reason: 'restored the copy of Monday' });
  await t.resolveMatch(seals.seal(work), { number: 4, after: 50, through: 70 });
  const notes = [/^seal 3 of .* made the seals of all events after 50 void: restored the copy of Monday$/];
  t.match(await compared(seals, kept.line), { findings: [], sealed: 70, unsealed: 0, notes });
  t.match(await compared(seals, lost.line), { findings: [/covers 100 events, and the log holds 70/], notes });
  t.equal(await seals.setBack('once more', work.signal), null, 'there is nothing to set back');
});
