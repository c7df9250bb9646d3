import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Registry } from 'prom-client';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { postgresLog } from '../../support/event-store/postgres-log.js';
import { testDatabase } from '../../support/database.js';
import { until } from '../../support/orderlog.js';
import { compared, fill, findings, newEvent, newSigner, sealsOf, work } from './sealing.js';

t.test('complete blocks are sealed in the background, and the rest when it is asked for', async (t) => {
  const { store, pool } = await postgresLog(t);
  const seals = sealsOf(pool, store, { signer: newSigner() });
  await fill(store, 0, 2_300);
  const ends = new AbortController();
  const following = seals.follow(ends.signal);
  await until(async () => (await compared(seals)).sealed === 2_000);
  await sleep(100);
  t.match(await compared(seals), { findings: [], sealed: 2_000, unsealed: 300 });
  const metrics = new Registry();
  seals.measure(metrics, () => Promise.resolve(true));
  const text = await metrics.metrics();
  t.match(text, /orderlog_sealed_events 2000\n/);
  t.match(text, /orderlog_seal_lag_events 300\n/);
  t.match(text, /orderlog_sealing_stopped 0\n/);
  t.match((await seals.seal(work)).line, / after=2000 through=2300 /);
  await fill(store, 2_300, 3_010);
  await until(async () => (await compared(seals)).sealed === 3_000);
  ends.abort();
  await following;
  t.same(await findings(seals), []);
});

t.test('where nothing has come since, the last seal is printed again', async (t) => {
  const { pool } = await testDatabase(t);
  const store = new MemoryEventStore();
  const seals = sealsOf(pool, store, { signer: newSigner() });
  const empty = await seals.seal(work);
  t.match(empty, { number: 1, through: 0 });
  t.equal((await seals.seal(work)).line, empty.line);
  await fill(store, 0, 3);
  t.match(await seals.seal(work), { number: 2, after: 0, through: 3 });
  t.same(await findings(seals, empty.line), []);
});

t.test('however many seal at once, each event is sealed once', async (t) => {
  const { store, pool } = await postgresLog(t);
  const signer = newSigner();
  await fill(store, 0, 3_500);
  const all = await Promise.all([1, 2, 3, 4].map(() => sealsOf(pool, store, { signer }).seal(work)));
  t.same(new Set(all.map(({ through }) => through)), new Set([3_500]));
  const { rows } = await pool.query('select number, covers_after, covers_through from orderlog.seals order by number');
  t.same(rows, [
    { number: 1, covers_after: 0, covers_through: 1_000 },
    { number: 2, covers_after: 1_000, covers_through: 2_000 },
    { number: 3, covers_after: 2_000, covers_through: 3_000 },
    { number: 4, covers_after: 3_000, covers_through: 3_500 },
  ]);
  t.same(await findings(sealsOf(pool, store, { signer })), []);
});

t.test('a process that is killed while it seals leaves seals that fit, and the next process continues', async (t) => {
  const { store, pool, config } = await postgresLog(t);
  await fill(store, 0, 6_000);
  const seed = Buffer.alloc(32, 5).toString('hex');
  const begin = (): ChildProcess =>
    fork(join(import.meta.dirname, 'sealing-process.js'), [JSON.stringify(config), seed], { stdio: 'ignore' });
  for (let kills = 0; kills < 3; kills++) {
    const child = begin();
    const sealed = await count();
    await until(async () => (await count()) > sealed);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const last = begin();
  await until(async () => (await count()) === 6);
  last.kill('SIGKILL');
  await once(last, 'exit');
  const { signer } = await import('./sealing-process.js').then(({ signerOf }) => ({ signer: signerOf(seed) }));
  t.match(await compared(sealsOf(pool, store, { signer })), { findings: [], sealed: 6_000 });

  async function count(): Promise<number> {
    const { rows } = await pool.query<{ n: number }>('select count(*) as n from orderlog.seals');
    return rows[0]?.n ?? 0;
  }
});

t.test('categories of a newer release are sealed, whichever release seals', async (t) => {
  const { pool } = await testDatabase(t);
  const store = new MemoryEventStore();
  const signer = newSigner();
  const old = sealsOf(pool, store, { signer });
  await fill(store, 0, 3);
  await old.seal(work);
  const newer = sealsOf(pool, store, { signer, categories: ['book', 'reader', 'shelf'] });
  await newer.announce();
  await newer.announce();
  await store.append('shelf-1', [newEvent({})], 'none');
  t.match(await old.seal(work), { number: 3, after: 3, through: 4, categories: ['book', 'reader', 'shelf'] });
  for (const seals of [old, newer]) t.match(await compared(seals), { findings: [], sealed: 4, unsealed: 0 });
});
