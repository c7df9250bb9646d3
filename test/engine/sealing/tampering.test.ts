import t from 'tap';
import { postgresLog } from '../../support/event-store/postgres-log.js';
import { compared, fill, findings, newSigner, sealsOf, work } from './sealing.js';

const EVENTS = 2_345;
const { store, pool } = await postgresLog(t);
const signer = newSigner();
const seals = sealsOf(pool, store, { signer });
await fill(store, 0, 1_500);
const earlier = (await seals.seal(work)).line;
await fill(store, 1_500, EVENTS);
const latest = (await seals.seal(work)).line;
await pool.query(`
  alter table orderlog.events disable trigger append_only;
  create table public.saved_events as select * from orderlog.events;
  create table public.saved_seals as select * from orderlog.seals`);

async function undo(): Promise<void> {
  await pool.query(`
    truncate orderlog.events; insert into orderlog.events select * from public.saved_events;
    truncate orderlog.seals; insert into orderlog.seals select * from public.saved_seals`);
}

/** Moves what stands at a place or behind it. */
function shift(from: number, by: number): string {
  return `
    update orderlog.events set position = -position - ${by} where position >= ${from};
    update orderlog.events set position = -position where position < 0`;
}

const INSERT = `insert into orderlog.events
  select 1235, 'book-forged', 0, gen_random_uuid(), type, data, metadata, recorded_at from orderlog.events where position = 1234`;

t.test('what nobody has altered fits all seals, and the lines of every moment', async (t) => {
  for (const line of [undefined, earlier, latest]) {
    t.same(await compared(seals, line), { findings: [], sealed: EVENTS, unsealed: 0, notes: [] });
  }
  await fill(store, EVENTS, EVENTS + 5);
  t.match(await compared(seals, latest), { findings: [], sealed: EVENTS, unsealed: 5 }, 'and so it stays');
  await undo();
});

// Events are numbered from 1, as positions are; event 1234 is book-1230@3. Seals end at 1000, 1500, 2000 and 2345.
const attacks: readonly (readonly [what: string, sql: string, finding: RegExp])[] = [
  [
    'one byte of the data',
    `update orderlog.events set data = replace(data::text, '1233', '1243')::json where position = 1234`,
    /^book-1230@3 \(position 00000000000004d2, event 1234\) does not fit seal 2 \(events 1001 to 1500, 20[^)]*\): it was changed/,
  ],
  [
    'the metadata',
    `update orderlog.events set metadata = replace(metadata::text, 'clerk', 'admin')::json where position = 7`,
    /^book-0@6 .*event 7\) does not fit seal 1 .*: it was changed/,
  ],
  [
    'a null that became a number too large for JSON',
    `update orderlog.events set data = replace(data::text, 'null', '1e999')::json where position = 7`,
    /^book-0@6 .*event 7\) does not fit seal 1 .*: it was changed/,
  ],
  [
    'the time of recording',
    `update orderlog.events set recorded_at = recorded_at - interval '1 millisecond' where position = 2345`,
    /^book-2340@4 .*event 2345\) does not fit seal 4 .*: its time of recording was changed from 20.*Z to 20.*Z$/,
  ],
  [
    'the type',
    `update orderlog.events set type = 'Other' where position = 1000`,
    /^book-990@9 .*event 1000\).*seal 1 /,
  ],
  [
    'the id',
    `update orderlog.events set id = gen_random_uuid() where position = 1001`,
    /^book-1000@0 .*event 1001\).*seal 2 /,
  ],
  [
    'the stream',
    `update orderlog.events set stream = 'book-other', revision = 0 where position = 2001`,
    /^book-other@0 .*event 2001\).*seal 4 /,
  ],
  [
    'an event removed',
    'delete from orderlog.events where position = 1234',
    /^book-1230@4 .*event 1234\) does not fit seal 2 .*: 1 event was removed before it, recorded at 20/,
  ],
  [
    'an event removed, and the gap closed',
    `delete from orderlog.events where position = 1234; ${shift(1_235, -1)}`,
    /^book-1230@4 \(position 00000000000004d2, event 1234\) does not fit seal 2 .*: 1 event was removed before it/,
  ],
  [
    'an event inserted',
    `${shift(1_235, 1)}; ${INSERT}`,
    /^book-forged@0 \(position 00000000000004d3, event 1235\) does not fit seal 2 .*: it was inserted/,
  ],
  [
    'two events swapped',
    `update orderlog.events set position = 0 where position = 1100;
     update orderlog.events set position = 1100 where position = 1200;
     update orderlog.events set position = 1200 where position = 0`,
    /^book-1190@9 .*event 1100\) does not fit seal 2 .*: it changed places with book-1090@9/,
  ],
  [
    'the last events removed',
    'delete from orderlog.events where position > 2340',
    /^the log holds 2340 events and its seals cover 2345: 5 are missing.* seal 4 .*, from its event 2341 on behind book-2330@9 /,
  ],
  [
    'a row that belongs to nothing put between events',
    `${shift(1_235, 1)}; ${INSERT.replace('book-forged', 'other-1')}`,
    /^seal 2 .* does not fit: its last event is at position 00000000000005dd now and was at 00000000000005dc/,
  ],
];

for (const [what, sql, finding] of attacks) {
  t.test(`found and named: ${what}`, async (t) => {
    await pool.query(sql);
    const found = await findings(seals);
    t.match(found[0], finding);
    await undo();
    t.same(await findings(seals), []);
  });
}

t.test('two events changed far from each other are both named', async (t) => {
  await pool.query(`update orderlog.events set type = 'Other' where position in (7, 2100)`);
  t.match(await findings(seals), [/^book-0@6 /, /^book-2090@9 /]);
  await undo();
});

t.test('seals that were forged without the key are found: of the first one that was changed', async (t) => {
  await pool.query(`update orderlog.events set type = 'Other' where position = 1234`);
  const forged = sealsOf(pool, store, { signer: { publicKey: signer.publicKey, sign: () => Buffer.alloc(64) } });
  await pool.query('delete from orderlog.seals');
  await forged.seal(work);
  await pool.query(`
    delete from orderlog.seals where number = 1;
    insert into orderlog.seals select * from public.saved_seals where number = 1`);
  t.match(await findings(seals), [/^seal 2 .* is not what was signed: its row in the table of seals was changed/]);
  await undo();
});

t.test('seals made again with a key of one’s own are found', async (t) => {
  await pool.query(`delete from orderlog.seals; update orderlog.events set type = 'Other' where position = 1234`);
  const forged = sealsOf(pool, store, { signer: newSigner() });
  const { line } = await forged.seal(work);
  t.match(await findings(seals), [/^seal 1 .* was signed by another key than that of this installation/]);
  t.match(await findings(seals, line), [/^seal 1 .*another key/, /^the seal that you gave, seal 3 .*another key/]);
  await undo();
});

t.test('digests exchanged in a row that keeps its signature are found', async (t) => {
  await pool.query(`update orderlog.seals set digests = overlay(digests placing '\\x00' from 5) where number = 2`);
  t.match(await findings(seals), [/^seal 2 .* does not follow from the digests that its row holds/, /^book-1000@0 /]);
  await undo();
});

t.test('a seal removed from between others is found', async (t) => {
  await pool.query('delete from orderlog.seals where number = 2');
  t.match(await findings(seals), [/^seal 3 .* does not follow on seal 1: seals between them were removed/]);
  await undo();
});

t.test('whatever does not fit can be made void with a reason, and then all fits again but for that note', async (t) => {
  for (const sql of [
    `update orderlog.events set type = 'Other' where position = 1234`,
    `update orderlog.seals set digests = overlay(digests placing '\\x00' from 5) where number = 2`,
    `update orderlog.seals set signature = '' where number = 3`,
    'delete from orderlog.seals where number = 2',
    'delete from orderlog.events where position > 1100',
  ]) {
    await pool.query(sql);
    t.ok((await findings(seals)).length > 0, sql);
    await seals.setBack('looked into', work.signal);
    await seals.seal(work);
    t.match(await compared(seals), { findings: [], notes: [/ void: looked into$/], unsealed: 0 }, sql);
    const told = sql.includes('orderlog.events') ? [/^the seal that you gave, /] : [];
    t.match(await findings(seals, latest), told, 'a line of before tells what was done to events, and to nothing else');
    await undo();
  }
});

t.test('the line of the auditor shows that events and their seals were removed from the end', async (t) => {
  await pool.query('delete from orderlog.events where position > 2340; delete from orderlog.seals where number = 4');
  t.same(await findings(seals), [], 'nothing in the database says so');
  t.same(await findings(seals, earlier), [], 'nor does a line of before');
  t.match(await findings(seals, latest), [
    /^the seal that you gave, seal 4 .*, covers 2345 events, and the log holds 2340: events were removed from its end/,
  ]);
  await fill(store, 5_000, 5_010);
  t.match(await findings(seals, latest), [/^the seal that you gave, seal 4 .*, does not fit: .*fit up to event 2000/]);
  await undo();
});

t.test('the line of the auditor shows that even the holder of the key has rewritten the log', async (t) => {
  await pool.query(`delete from orderlog.seals; update orderlog.events set type = 'Other' where position = 1234`);
  await seals.seal(work);
  t.same(await findings(seals), []);
  for (const line of [earlier, latest]) {
    t.match(await findings(seals, line), [
      /^the seal that you gave, .*, does not fit: events up to number .* were changed/,
    ]);
  }
  await undo();
});

t.test('seals made again are the same where the log is: a line outlives the table', async (t) => {
  await pool.query('delete from orderlog.seals');
  t.same(await findings(seals, earlier), []);
  await seals.seal(work);
  for (const line of [earlier, latest]) t.same(await findings(seals, line), []);
  await undo();
});

t.test('a line that was changed or cut is told as such', async (t) => {
  t.match(await findings(seals, latest.replace('through=2345', 'through=2344')), [/has no valid signature/]);
  await t.rejects(findings(seals, latest.slice(0, -120)), { code: 'invalid-seal', message: /copy the whole line/ });
  await t.rejects(findings(seals, 'orderlog'), { code: 'invalid-seal', message: /begins with orderlog-seal-1/ });
  t.match(await findings(sealsOf(pool, store, { signer: newSigner() }), latest), [/another key/, /another key/]);
});
