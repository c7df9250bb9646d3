/** A process that uses a log and closes it; it has to end by itself. */
import type pg from 'pg';
import { START } from '../../../src/engine/core/event-store.js';
import { PostgresEventStore } from '../../../src/engine/log/postgres/store.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { collect, newEvent } from '../../support/event-store/case.js';

const config = JSON.parse(process.argv[2] ?? '') as pg.PoolConfig;
const pool = createPool(config, { max: 2, applicationName: 'orderlog-test' });
const store = new PostgresEventStore(pool, config);
const stop = new AbortController();

await store.logId();
// One that is left, one that is aborted, one that only the closing ends, and one that hardly began.
for await (const page of store.subscribe({ from: START, signal: new AbortController().signal }))
  if (page.caughtUp) break;
const aborted = collect(store.subscribe({ from: START, signal: stop.signal }));
const left = collect(store.subscribe({ from: START, signal: new AbortController().signal }));
await store.append('order-1', [newEvent()], 'any');
stop.abort();
await aborted;
const late = collect(store.subscribe({ from: START, signal: new AbortController().signal }));
await store.close();
await Promise.all([left, late]);
await pool.end();
