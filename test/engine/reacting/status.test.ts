import { Registry } from 'prom-client';
import { test } from 'tap';
import { statusResult } from '../../../src/commands/status.js';
import { problemOf } from '../../../src/engine/projecting/status.js';
import { measureReactors } from '../../../src/engine/reacting/metrics.js';
import { named, reactorStatuses } from '../../../src/engine/reacting/status.js';
import { lintMetrics } from '../../support/metric-lint.js';
import { reportsOver } from '../../support/engine-parts.js';
import { until } from '../projecting/running.js';
import { acting, gate, noting } from './noting.js';

const CAP = 1_000;

test('the status of a reactor tells how far it is and who runs it', async (t) => {
  const { pool, store, start, reached, done } = await acting(t);
  const sources = { pool, store, reactors: [noting({}, { version: 3 })] };
  await done(1, 1, 2);
  t.match(await reactorStatuses(sources, { cap: CAP }), [
    { name: 'noting', version: 3, checkpoint: '', events: 0, state: 'missing', lease_owner: null, lag_events: 2 },
  ]);
  const running = start(...sources.reactors);
  const position = await done(1, 3);
  t.ok(await reached(position));
  t.match(await reactorStatuses(sources, { cap: CAP }), [
    { version: 3, events: 3, state: 'running', lease_owner: String, lag_events: 0, lag_seconds: 0 },
  ]);
  await running.stop();
  await done(1, 4);
  t.match(await reactorStatuses(sources, { cap: CAP }), [{ state: 'idle', lease_owner: null, lag_events: 1 }]);
});

test('orderlog status shows each reactor and its lag', async (t) => {
  const { pool, store, done } = await acting(t);
  const sources = { pool, store, projections: [], reactors: [noting()] };
  await done(1, 1, 2);
  const tokens = { encode: (position: string) => `at ${position}` };
  const deps = { engine: reportsOver(sources), tokens, config: { dataDir: '/nowhere' } };
  const { document, text } = await statusResult(deps);
  const reactor = { name: 'noting', version: 1, checkpoint: 'at ', lag_events: 2, state: 'missing', quarantined: 0 };
  t.match(document, { models: [], reactors: [reactor] });
  t.match(text, /^reactor +code version +state +lag +age\nnoting +v1 +missing +2 events/m);
});

test('the metrics show each reactor, from the process that runs it or did so last', async (t) => {
  const { pool, store, startAs, reached, done } = await acting(t);
  const reactors = [noting()];
  const metricsOf = async (owner: string): Promise<string> => {
    const registry = new Registry();
    measureReactors(registry, { pool, store, reactors, owner });
    return registry.metrics();
  };
  const running = startAs('first', ...reactors);
  t.ok(await reached(await done(1, 1, 2)));
  t.match(await metricsOf('first'), 'orderlog_reactor_owned{reactor="noting"} 1');
  const other = await metricsOf('second');
  t.match(other, 'orderlog_reactor_owned{reactor="noting"} 0');
  t.notMatch(other, 'orderlog_reactor_lag_events{');
  await running.stop();
  await done(1, 3);
  const text = await metricsOf('first');
  t.match(text, 'orderlog_reactor_lag_events{reactor="noting"} 1');
  t.match(text, 'orderlog_reactor_events{reactor="noting"} 2');
  t.match(text, 'orderlog_reactor_owned{reactor="noting"} 0');
  t.same(lintMetrics(text), []);
});

test('a reactor that makes no progress though there is work is a problem, by its name', async (t) => {
  const { pool, store, start, done } = await acting(t);
  const held = gate();
  t.teardown(held.open);
  let begun = false;
  const reactor = noting({
    before() {
      begun = true;
      return held.opened;
    },
  });
  start(reactor);
  await done(1, 1);
  await until(() => begun);
  const status = async (): Promise<string | null> => {
    const [found] = await reactorStatuses({ pool, store, reactors: [reactor] }, { cap: CAP });
    return found ? problemOf({ ...named(found), lag_seconds: found.lag_seconds + 11 }) : null;
  };
  t.equal(await status(), null, 'work that has just come is no standstill');
  await pool.query(`update orderlog.checkpoints set progressed_at = clock_timestamp() - interval '11 seconds'`);
  t.match(await status(), /^reactor noting makes no progress though there is work/);
});

test('what is not due yet does not wait', async (t) => {
  const { pool, store, done } = await acting(t);
  const reactors = [noting({}, { afterMs: 60_000 })];
  await done(1, 1);
  t.match(await reactorStatuses({ pool, store, reactors }, { cap: CAP }), [{ lag_events: 0, lag_seconds: 0 }]);
});
