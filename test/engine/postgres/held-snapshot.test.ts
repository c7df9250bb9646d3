import t from 'tap';
import { statusResult } from '../../../src/commands/status.js';
import { heldSnapshot } from '../../../src/engine/postgres/held-snapshot.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { testDatabase } from '../../support/database.js';
import { reportsOver } from '../../support/engine-parts.js';

t.test('a session that holds a snapshot for long is named, until it ends', async (t) => {
  const { pool } = await testDatabase(t);
  t.equal(await heldSnapshot(pool, 0), null);
  const holder = await pool.connect();
  await holder.query('begin isolation level repeatable read');
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  const told = await heldSnapshot(pool, 0);
  t.match(told, new RegExp(`^session ${rows[0]?.pid} of the database .* has held a snapshot for \\d+ s: `));
  t.equal(await heldSnapshot(pool), null, 'a backup of a few seconds is nothing to tell');
  await holder.query('rollback');
  t.equal(await heldSnapshot(pool, 0), null);
  holder.release();
});

t.test('`status` tells of it in its notes', async (t) => {
  const { pool } = await testDatabase(t);
  const note = 'session 7 of the database (pg_dump) has held a snapshot for 300 s';
  const holding = {
    query: (text: string | object, values: unknown) =>
      typeof text === 'string' && text.includes('backend_xmin')
        ? Promise.resolve({ rows: [{ name: 'pg_dump', pid: 7, seconds: 300 }] })
        : pool.query(text as string, values as unknown[]),
  };
  const sources = { pool: holding as unknown as typeof pool, store: new MemoryEventStore(), projections: [] };
  const { text, document } = await statusResult({
    engine: reportsOver(sources),
    tokens: { encode: String },
    config: { dataDir: '.' },
  });
  t.match(text, note);
  t.match(document, { notes: [new RegExp('held a snapshot for 300 s')] });
});
