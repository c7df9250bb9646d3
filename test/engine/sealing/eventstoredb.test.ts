import t from 'tap';
import { copyLog } from '../../../src/engine/copying/copy.js';
import { onStandIn, storeAt } from '../../support/event-store/on-stand-in.js';
import { postgresLog } from '../../support/event-store/postgres-log.js';
import { testDatabase } from '../../support/database.js';
import type { LoggedEvent } from '../../support/stand-in/logged-event.js';
import { compared, fill, findings, newEvent, newSigner, sealsOf, work } from './sealing.js';

const ELSEWHERE = '22222222-2222-4222-8222-222222222222';

t.test(
  'a log on EventStoreDB is sealed; what is altered there is named, and what others write does not matter',
  async (t) => {
    const { pool } = await testDatabase(t);
    const { server, store } = await onStandIn(t);
    const signer = newSigner();
    const seals = sealsOf(pool, store, { signer });
    await fill(store, 0, 500);
    await store.append('theirs-1', [newEvent({})], 'none');
    await fill(store, 500, 1_030);
    const { line, through } = await seals.seal(work);
    t.equal(through, 1_030);
    await store.append('theirs-2', [newEvent({})], 'none');
    t.match(await compared(seals, line), { findings: [], sealed: 1_030, unsealed: 0 });

    const events = server.log.events;
    const at = events.findIndex(({ stream, revision }) => stream === 'book-500' && revision === 3n);
    const event = events[at] as LoggedEvent;
    events[at] = { ...event, data: Buffer.from(event.data.toString().replace('503', '504')) };
    t.match(await findings(seals), [
      /^book-500@3 \(position [\da-f]{32}, event 504\) does not fit seal 1 .*: it was changed/,
    ]);
    events[at] = { ...event, created: event.created + 1 };
    t.match(await findings(seals), [/^book-500@3 .*: its time of recording was changed/]);
    events[at] = event;
    t.same(await findings(seals), []);
  },
);

t.test('an older copy of the data of EventStoreDB is noticed before anything is sealed on it', async (t) => {
  const { pool } = await testDatabase(t);
  const { server, store } = await onStandIn(t);
  const signer = newSigner();
  const seals = sealsOf(pool, store, { signer });
  await fill(store, 0, 20);
  const copy = server.events.length;
  await fill(store, 20, 40);
  const { line } = await seals.seal(work);
  await store.close();
  await server.kill();
  server.log.rewind(copy);
  await server.restart();
  const again = sealsOf(pool, storeAt(t, server.url).store, { signer });
  await t.rejects(again.seal(work), { name: 'SealsDoNotFit', message: /has lost event 40, which seal 1 covers/ });
  await fill(again.options.store, 20, 45);
  await t.rejects(again.seal(work), { name: 'SealsDoNotFit' }, 'whatever was written since');
  t.match(await findings(again, line), [/^book-20@0 .* does not fit seal 1/]);
});

t.test('seals of a log in Postgres go on in its copy on EventStoreDB, and back', async (t) => {
  const { pool, store } = await postgresLog(t);
  const { store: target } = await onStandIn(t);
  const signer = newSigner();
  await fill(store, 0, 1_100);
  const here = sealsOf(pool, store, { signer });
  const { line } = await here.seal(work);
  await copyLog(store, target, { categories: ['book'], progress: work.progress });
  const there = sealsOf(pool, target, { signer, logId: ELSEWHERE });
  t.match(await compared(there, line), { findings: [], sealed: 1_100, unsealed: 0 });
  const moved = await there.seal(work);
  t.match(moved, { number: 3, after: 1_100, through: 1_100, logId: ELSEWHERE });
  t.same(await findings(there, moved.line), []);
  t.same(await findings(here, moved.line), [], 'while nothing was written there');
  t.match(await here.seal(work), { number: 4, after: 1_100, through: 1_100 });
});
