import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { test } from 'tap';
import { measureReadModels } from '../../../src/engine/projecting/metrics.js';
import {
  degradationOf,
  haveReached,
  type ModelStatus,
  modelStatuses,
  problemOf,
} from '../../../src/engine/projecting/status.js';
import { statusResult } from '../../../src/commands/status.js';
import { createPool } from '../../../src/engine/postgres/pool.js';
import { stage, until } from './running.js';
import { append, counted, tally } from './tally.js';
import { reportsOver } from '../../support/engine-parts.js';

const CAP = 1_000;

test('the status of a read model tells how far it is and who runs it', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  const sources = { pool, store, projections: [tally('status')] };
  await append(store, counted(), counted(1, 'Unheard'), counted());
  await store.append('other-1', [counted()], 'none');
  t.match(await modelStatuses(sources, { cap: CAP }), [
    { name: 'status', version: 1, checkpoint: '', events: 0, state: 'missing', lease_owner: null, lag_events: 3 },
  ]);
  const projectors = start(...sources.projections);
  const position = await store.head();
  t.ok(await reached('status', position));
  t.match(await modelStatuses(sources, { cap: CAP }), [
    { checkpoint: position, events: 2, state: 'running', lease_owner: String, lag_events: 0, lag_seconds: 0 },
  ]);
  t.ok(await haveReached(sources, position));
  await projectors.stop();
  await append(store, counted(), counted());
  await sleep(20);
  const [idle] = await modelStatuses(sources, { cap: CAP });
  t.match(idle, { state: 'idle', lease_owner: null, lag_events: 2 });
  t.ok(idle && idle.lag_seconds >= 0.02 && idle.lag_seconds < 5);
  t.notOk(await haveReached(sources, await store.head()));
  t.match(await modelStatuses(sources, { cap: 1 }), [{ lag_events: 1 }], 'counting ends at the cap');
});

test('a read model whose owner has vanished is idle', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  const sources = { pool, store, projections: [tally('vanished')] };
  const projectors = start(...sources.projections);
  await reached('vanished', await append(store, counted()));
  await projectors.stop();
  await pool.query(`
    update orderlog.checkpoints
    set state = 'running', lease_owner = 'gone', lease_until = clock_timestamp() - interval '1 second'`);
  t.match(await modelStatuses(sources, { cap: CAP }), [{ state: 'idle', lease_owner: null }]);
});

test('a read model in which keys wait is degraded, and says as well that nobody projects it', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  const sources = { pool, store, projections: [tally('waits')] };
  const projectors = start(...sources.projections);
  await reached('waits', await append(store, counted()));
  await pool.query('update orderlog.checkpoints set quarantined = 2');
  t.match(await modelStatuses(sources, { cap: CAP }), [{ state: 'degraded', quarantined: 2 }]);
  await projectors.stop();
  const [idle] = await modelStatuses(sources, { cap: CAP });
  t.match(idle, { state: 'idle', quarantined: 2 });
  t.match(idle && degradationOf(idle), /2 keys wait/);
  await pool.query(
    `update orderlog.checkpoints set state = 'running', lease_owner = 'gone', lease_until = clock_timestamp() - interval '1 second'`,
  );
  t.match(
    await modelStatuses(sources, { cap: CAP }),
    [{ state: 'idle', quarantined: 2 }],
    'even if its owner has vanished',
  );
});

test('a page that takes long makes progress as long as its steps do', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  const sources = { pool, store, projections: [tally('long')] };
  const projectors = start(...sources.projections);
  await reached('long', await append(store, counted()));
  await projectors.stop();
  await append(store, counted());
  await pool.query(`update orderlog.checkpoints set progressed_at = clock_timestamp() - interval '1 minute'`);
  const sinceProgress = async (): Promise<number | undefined> =>
    (await modelStatuses(sources, { cap: CAP }))[0]?.seconds_since_progress;
  t.ok(((await sinceProgress()) ?? 0) >= 60, 'nobody is at work');
  const page = await pool.connect();
  try {
    await page.query('begin');
    await page.query('update orderlog.checkpoints set events = events');
    t.ok(((await sinceProgress()) ?? 0) >= 60, 'another model may have locked them');
    await page.query('select from rm_long_v1.noted');
    t.ok(((await sinceProgress()) ?? 60) < 50, 'its page is under way');
  } finally {
    await page.query('rollback');
    page.release();
  }
  t.ok(((await sinceProgress()) ?? 0) >= 60, 'its page was rolled back');
});

const well: ModelStatus = {
  name: 'judged',
  version: 1,
  checkpoint: '' as ModelStatus['checkpoint'],
  events: 0,
  state: 'running',
  error: null,
  quarantined: 0,
  lease_owner: 'owner',
  last_owner: 'owner',
  lag_events: 0,
  lag_seconds: 0,
  seconds_since_progress: 0,
  subscription: null,
};

test('a projector that makes no progress for ten seconds though there is work is a problem, and so is a stopped one', (t) => {
  const stalled = { ...well, lag_events: 1, lag_seconds: 11, seconds_since_progress: 11 };
  t.match(problemOf(stalled), /no progress/);
  t.match(problemOf({ ...stalled, state: 'idle' }), /no progress/, 'even if no process runs it');
  t.equal(problemOf({ ...stalled, state: 'missing' }), null, 'what nobody has made yet does not stand still');
  t.equal(problemOf({ ...stalled, lag_events: 0, lag_seconds: 0 }), null, 'nothing to do');
  t.equal(problemOf({ ...stalled, lag_seconds: 1 }), null, 'the work has just come');
  t.equal(problemOf({ ...stalled, seconds_since_progress: 1 }), null, 'a backlog is being worked off');
  t.match(problemOf({ ...well, state: 'stopped' }), /stopped/);
  t.end();
});

test('a stopped projection is red, and the reason is in its status', async (t) => {
  const { pool, store, start } = await stage(t);
  const apply = (): void => {
    throw new Error('can not be counted');
  };
  const sources = { pool, store, projections: [tally('red', { apply })] };
  start(...sources.projections);
  const position = await append(store, counted());
  await until(async () => (await modelStatuses(sources, { cap: CAP }))[0]?.state === 'stopped');
  const [status] = await modelStatuses(sources, { cap: CAP });
  t.match(status, { error: { revision: 0, position, message: 'can not be counted' }, lag_events: 1 });
  t.match(status && problemOf(status), /red has stopped/);
  const { text } = await statusResult({
    engine: reportsOver(sources),
    tokens: { encode: String },
    config: { dataDir: t.testdir() },
  });
  t.match(text, / at test-\S+@0: can not be counted/, 'people read which event it is');
});

test('the metrics show each read model, from the process that projects it or did so last', async (t) => {
  const { pool, store, startWith, reached } = await stage(t);
  const projections = [tally('measured')];
  const metricsOf = async (owner: string, from: typeof pool = pool): Promise<string> => {
    const registry = new Registry();
    measureReadModels(registry, { pool: from, store, projections, owner });
    return registry.metrics();
  };
  const projectors = startWith({ owner: 'first' }, ...projections);
  await reached('measured', await append(store, counted(), counted()));
  t.match(await metricsOf('first'), 'orderlog_read_model_owned{model="measured"} 1');
  const other = await metricsOf('second');
  t.match(other, 'orderlog_read_model_owned{model="measured"} 0', 'so that the sum tells whether anybody does');
  t.notMatch(other, 'orderlog_read_model_lag_events{', 'a sum over the processes counts it once');
  await projectors.stop();
  await append(store, counted(), counted(), counted());
  const text = await metricsOf('first');
  t.match(
    text,
    'orderlog_read_model_lag_events{model="measured",version="1"} 3',
    'nobody projects it: the last one tells',
  );
  const [, age = ''] = /^orderlog_read_model_lag_seconds\{model="measured",version="1"\} (\S+)$/m.exec(text) ?? [];
  t.ok(Number(age) > 0 && Number(age) < 60, 'the age of the oldest of them');
  t.match(text, 'orderlog_read_model_events{model="measured",version="1"} 2');
  t.match(text, 'orderlog_read_model_stopped{model="measured",version="1"} 0');
  t.match(text, 'orderlog_read_model_owned{model="measured"} 0');
  const nowhere = createPool({ host: '127.0.0.1', port: 1 }, { max: 1, applicationName: 'nowhere' });
  t.teardown(() => nowhere.end());
  const away = await metricsOf('first', nowhere);
  t.notMatch(away, 'orderlog_read_model_lag_events{');
  t.match(away, 'orderlog_read_model_owned{model="measured"} 0', 'this is told while the database is away');
});

test('a read model that has stopped is told by the process in which it stopped last', async (t) => {
  const { pool, store, startWith } = await stage(t);
  const apply = (): void => {
    throw new Error('can not be counted');
  };
  const projections = [tally('red', { apply })];
  startWith({ owner: 'first' }, ...projections);
  await append(store, counted());
  await until(async () => (await modelStatuses({ pool, store, projections }, { cap: CAP }))[0]?.state === 'stopped');
  const told = async (owner: string): Promise<boolean> => {
    const registry = new Registry();
    measureReadModels(registry, { pool, store, projections, owner });
    return (await registry.metrics()).includes('orderlog_read_model_stopped{model="red",version="1"} 1');
  };
  t.same([await told('first'), await told('second')], [true, false]);
});
