import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { atFixedRate } from '../../bench/fixed-rate.js';
import { withPart } from '../../bench/page.js';
import { scaleWanted } from '../../bench/scale-arguments.js';
import { growthOf, scalePage, scalePlots } from '../../bench/scale-report.js';
import { keepResults, type Results, type Run, storedResults } from '../../bench/scale-results.js';
import type { SizeFigures } from '../../bench/scale-sizes.js';
import { root } from '../support/sources.js';

const run: Run = { date: '2026-11-29', commit: 'abc', node: '20' };
const machine = { cpu: 'one', cores: 2, memory_gib: 24 };
const nothing: Results = { machine, sizes: {}, trees: {}, memory: null, processes: {} };

function figures(events: number, us: number): SizeFigures & Run {
  const command = { seconds: 1, empty_seconds: 1, us_per_event: us, peak_mb: 200 };
  return {
    ...{ ...run, events, orders: events / 2, written_seconds: 1, database_mb: 10, rebuild: command, verify: command },
    event_by_event: { us_per_event: us * 2 },
    placing: { per_second: 1_000, us_per_order: 1_000, open_rate: 500, p50: 5, p99: 9 },
    reads: { tree: { median_ms: 1, p99_ms: 2, bytes: 3 } },
  };
}

t.test('sizes are given as numbers, and measured in ascending order, each once', async (t) => {
  t.match(scaleWanted([], {}), { variant: 'sizes', numbers: [10_000, 100_000, 1_000_000], quick: false });
  t.match(scaleWanted(['10_000_000', '10000', '10000'], {}), { numbers: [10_000, 10_000_000] });
  for (const wrong of ['many', '10.5', '-1', '7_999', ''])
    t.match(scaleWanted([wrong], {}), { isFault: true, text: /npm run bench:scale -- tree/ }, `"${wrong}"`);
});

t.test('a variant has sizes of its own, and smaller ones to try it', async (t) => {
  t.match(scaleWanted(['tree'], {}), { variant: 'tree', trees: [{ products: 100_000, categories: 25_000 }, {}] });
  t.same(scaleWanted(['tree', '20_000/500'], {}), {
    ...{ variant: 'tree', quick: false, numbers: [], eventstore: null },
    trees: [{ products: 20_000, categories: 500 }],
  });
  t.match(scaleWanted(['memory', '--quick'], {}), { variant: 'memory', quick: true, numbers: [6_000] });
  t.match(scaleWanted(['processes'], {}), { numbers: [1, 2, 4], eventstore: null });
  for (const wrong of [
    ['tree', '500'],
    ['tree', '1/2/3'],
    ['memory', '10000', '20000'],
    ['processes', '0'],
    ['page', '1'],
  ])
    t.match(scaleWanted(wrong, {}), { isFault: true }, wrong.join(' '));
});

t.test('only the variant of API processes has its log on EventStoreDB', async (t) => {
  const env = { TEST_EVENTSTORE_URL: 'esdb://variable' };
  t.match(scaleWanted(['processes'], env), { eventstore: 'esdb://variable' });
  t.match(scaleWanted(['processes', '--eventstore', 'esdb://argument'], env), { eventstore: 'esdb://argument' });
  t.match(scaleWanted([], env), { eventstore: null });
});

t.test('growth is told from the smallest size to a million, whatever their order', async (t) => {
  const sizes = { a: figures(1_000_000, 13), b: figures(10_000_000, 99), c: figures(10_000, 10) };
  t.match(growthOf({ ...nothing, sizes }), [
    { what: 'rebuild, an event', times: 1.3 },
    {},
    { what: 'projectors, an event', times: 1.3 },
    { times: 1 },
  ]);
  t.same(growthOf({ ...nothing, sizes: { a: figures(10_000, 10) } }), [], 'one size does not grow');
});

t.test('the page has a column for each size, and the plots a point', async (t) => {
  const sizes = { a: figures(100_000, 13), b: figures(10_000, 10) };
  t.match(scalePage({ ...nothing, sizes }, 'x.svg'), /^\| events in the log +\| 10,000 +\| 100,000 +\|$/m);
  t.same(scalePlots({ ...nothing, sizes })[0]?.series[0]?.points, [
    [10_000, 10],
    [100_000, 13],
  ]);
});

t.test('a size of which a killed run has measured some is shown with what there is', async (t) => {
  const { events, orders, written_seconds } = figures(10_000, 10);
  const sizes = { a: { ...run, events, orders, written_seconds }, b: figures(100_000, 13) };
  t.match(scalePage({ ...nothing, sizes }, 'x.svg'), /^\| rebuild, s +\| – +\| 1 +\|$/m);
  t.same(growthOf({ ...nothing, sizes }), [], 'nothing grows from what was not measured');
  t.same(scalePlots({ ...nothing, sizes })[0]?.series[0]?.points, [[100_000, 13]]);
});

t.test('each figure is in the file as soon as it is measured, beside those of earlier runs', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'orderlog-scale-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'scale.json');
  const on = { ...machine, node: '20', commit: 'abc', postgres: null };
  keepResults(file, on).keep(() => ({ sizes: { a: figures(10_000, 10) } }));
  keepResults(file, on).keep(({ sizes }) => ({ sizes: { ...sizes, b: figures(100_000, 13) } }));
  t.same(Object.keys(storedResults(file)?.sizes ?? {}), ['a', 'b']);
  const [one, other] = [keepResults(file, on), keepResults(file, on)];
  one.keep(({ sizes }) => ({ sizes: { ...sizes, c: figures(20_000, 11) } }));
  other.keep(({ sizes }) => ({ sizes: { ...sizes, d: figures(30_000, 12) } }));
  t.same(Object.keys(other.all().sizes), ['a', 'b', 'c', 'd'], 'a run beside another loses nothing of it');
  keepResults(file, { ...on, cores: 64 }).keep(() => ({ memory: null }));
  t.match(storedResults(file), { machine: { cores: 64 }, sizes: {} }, 'another machine has no figure of this one');
  t.same(storedResults(file)?.sizes, {});
});

t.test('the page on capacity shows the figures of the file', async (t) => {
  const page = readFileSync(join(root, 'docs/capacity.md'), 'utf8');
  const results = storedResults(join(root, 'bench/results/scale.json'));
  t.equal(page, withPart(page, 'scale', scalePage(results, 'plots/scale.svg')), 'run npm run bench:scale -- page');
});

t.test('requests are sent when they are due, whether or not those before have ended', async (t) => {
  const begun: number[] = [];
  let ended = 0;
  await atFixedRate({ perSecond: 100, seconds: 0.1 }, async (n) => {
    begun.push(n);
    // Ends only after all have begun.
    while (begun.length < 10) await new Promise((resolve) => setTimeout(resolve, 1));
    ended += 1;
  });
  t.same(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.equal(ended, 10, 'and it waits for the last one');
});
