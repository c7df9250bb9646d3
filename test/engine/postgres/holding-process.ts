/** Is in a long statement, with a lock on what others need, until it is killed. */
import type pg from 'pg';
import { sessionTo } from '../../../src/engine/postgres/session.js';

const config = JSON.parse(process.argv[2] ?? '') as pg.PoolConfig;
const session = sessionTo(config, { kind: 'projector', applicationName: 'orderlog-holding' });
await session.connect();
await session.query('begin; lock table orderlog.checkpoints in access exclusive mode');
await session.query('select pg_sleep(120)');
