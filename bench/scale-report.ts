/** Figures of bench:scale as plots, and as the part of docs/capacity.md that no person writes. */
import type { Plot, Series } from './plot.js';
import type { Results, Run } from './scale-results.js';
import type { SizeFigures } from './scale-sizes.js';
import { median } from './statistics.js';
import { markdownTable, readable } from './table.js';

/** NaN where it was not measured. */
type Cost = (figures: SizeFigures) => number;

const COSTS: Readonly<Record<string, Cost>> = {
  'rebuild, an event': ({ rebuild }) => rebuild?.us_per_event ?? NaN,
  'verify, an event': ({ verify }) => verify?.us_per_event ?? NaN,
  'projectors, an event': ({ event_by_event }) => event_by_event?.us_per_event ?? NaN,
  'placing an order': ({ placing }) => placing?.us_per_order ?? NaN,
  'seal, an event': ({ seal }) => seal?.us_per_event ?? NaN,
};

/** Growth is compared up to here: the mark is for about a million events. */
const MARKED = 1_100_000;
const MARK = 1.3;
/** MB, of each process. */
const MEMORY_MARK = 512;
/** Milliseconds: an event applied, and the tree as a response. */
const [APPLIED_AIM, TREE_AIM] = [10, 50];
const NONE = '–';

const LOGS = { postgres: 'Postgres', eventstoredb: 'EventStoreDB' } as const;

/** None without two sizes. */
export function scalePlots(results: Results | null): Plot[] {
  const sizes = sizesOf(results);
  if (sizes.length < 2) return [];
  const x = { label: 'events in the log', log: true };
  const series = (name: string, value: Cost): Series => ({
    name,
    points: sizes.flatMap((one) => (Number.isNaN(value(one)) ? [] : [[one.events, value(one)] as const])),
  });
  const reads = namesOf(sizes).map((name) => series(name, (one) => one.reads?.[name]?.median_ms ?? NaN));
  const half = Math.ceil(reads.length / 2);
  const costs = Object.entries(COSTS).map(([name, value]) => series(name, value));
  return [
    { title: 'Cost of an event, and of an order over HTTP', x, y: { label: 'µs' }, series: costs },
    { title: 'Reads, median of one caller (1)', x, y: { label: 'ms' }, series: reads.slice(0, half) },
    { title: 'Reads, median of one caller (2)', x, y: { label: 'ms' }, series: reads.slice(half) },
  ];
}

/** Each cost at the largest marked size, as a multiple of what it is at the smallest. */
export function growthOf(results: Results | null): { readonly what: string; readonly times: number }[] {
  const [first, last] = markedOf(results);
  if (!first || !last) return [];
  return Object.entries(COSTS).flatMap(([what, value]) => {
    const times = Math.round((value(last) / value(first)) * 100) / 100;
    return Number.isFinite(times) ? [{ what, times }] : [];
  });
}

/** @param plots where the plots are, as the page sees it */
export function scalePage(results: Results | null, plots: string): string {
  if (results === null) return '`npm run bench:scale` writes its figures here. It has not run yet.';
  const { cpu, cores, memory_gib } = results.machine;
  const parts = [
    `Measured on ${cores} cores (${cpu}) with ${memory_gib} GiB of memory, on the embedded Postgres with durable commits.`,
    ...sizesPart(results, plots),
    ...treesPart(results),
    ...memoryPart(results),
    ...processesPart(results),
  ];
  return parts.join('\n\n');
}

function sizesPart(results: Results, plots: string): string[] {
  const sizes = sizesOf(results);
  if (sizes.length === 0) return [];
  const row = (what: string, value: (one: SizeFigures & Run) => number | string | undefined): string[] => [
    what,
    ...sizes.map((one) => cell(value(one))),
  ];
  const rows = [
    row('orders', ({ orders }) => orders),
    row('database, MB', ({ database_mb }) => database_mb),
    row('writing the log by SQL, s', ({ written_seconds }) => written_seconds),
    row('seal, s', ({ seal }) => seal?.seconds),
    row('rebuild, s', ({ rebuild }) => rebuild?.seconds),
    row('verify, s', ({ verify }) => verify?.seconds),
    ...Object.entries(COSTS).map(([name, value]) => row(`${name}, µs`, value)),
    row('orders placed, 16 connections, 1/s', ({ placing }) => placing?.per_second),
    row('orders at half of that rate, p50 and p99, ms', ({ placing }) => placing && `${placing.p50}, ${placing.p99}`),
    row('most memory of rebuild, MB', ({ rebuild }) => rebuild?.peak_mb),
    row('most memory of verify, MB', ({ verify }) => verify?.peak_mb),
    ...namesOf(sizes).map((name) => row(`${name}, median, ms`, (one) => one.reads?.[name]?.median_ms)),
    row('measured', measuredOf),
  ];
  const columns = ['events in the log', ...sizes.map(({ events }) => events.toLocaleString('en-US'))];
  const [first, last] = markedOf(results);
  const growth = growthOf(results).map(({ what, times }) => [what, String(times), reached(times <= MARK)]);
  return [
    '### Cost by the size of the log',
    markdownTable(columns, rows),
    'The costs of seal, rebuild and verify are without the time that the command takes on an empty log.',
    ...(first && last && growth.length > 0
      ? [
          `Costs at ${last.events.toLocaleString('en-US')} events, in costs at ${first.events.toLocaleString('en-US')}:`,
          markdownTable(['cost', 'times', `at most ${MARK}`], growth),
        ]
      : []),
    ...(sizes.length > 1 ? [`![Costs and reads against the size of the log](${plots})`] : []),
  ];
}

function treesPart({ trees }: Results): string[] {
  const all = Object.values(trees).toSorted((a, b) => a.products - b.products);
  if (all.length === 0) return [];
  const rows = all.map(({ products, categories, rebuild, product_moved: moved, tree, ...run }) => [
    products.toLocaleString('en-US'),
    categories.toLocaleString('en-US'),
    rebuild ? `${cell(rebuild.seconds)}, ${rebuild.peak_mb} MB` : NONE,
    moved ? `${moved.median_ms}, ${moved.p99_ms}` : NONE,
    tree ? `${tree.changed.median_ms}` : NONE,
    tree ? `${tree.again.median_ms}` : NONE,
    tree ? `${tree.gzip.median_ms}` : NONE,
    tree ? `${tree.not_modified.median_ms}` : NONE,
    moved && tree ? reached(moved.median_ms < APPLIED_AIM && tree.again.median_ms < TREE_AIM) : NONE,
    measuredOf(run),
  ]);
  const columns = [
    ...['products', 'categories', 'rebuild, s', 'move applied, p50 and p99, ms', 'tree after a move, ms', 'tree, ms'],
    ...['tree with gzip, ms', 'tree, 304, ms', `below ${APPLIED_AIM} and ${TREE_AIM}`, 'measured'],
  ];
  return ['### Large category trees', markdownTable(columns, rows)];
}

function memoryPart({ memory }: Results): string[] {
  if (memory === null) return [];
  const { events, large_events, large_bytes, peak_mb } = memory;
  const rows = Object.entries(peak_mb).map(([name, mb]) => [name, String(mb), reached(mb < MEMORY_MARK)]);
  const among = `${large_events} of ${Math.round(large_bytes / 1_024)} KiB among them`;
  return [
    '### Memory of each process',
    `The log has ${events.toLocaleString('en-US')} events, ${among} (${measuredOf(memory)}). While the processes of \`serve\` are watched, the
projectors apply a tail and lists of orders are read.`,
    markdownTable(['process', 'most, MB', `below ${MEMORY_MARK}`], rows),
  ];
}

function processesPart({ processes }: Results): string[] {
  const rows = (['postgres', 'eventstoredb'] as const).flatMap((log) => {
    const found = processes[log];
    return (found?.figures ?? []).map(({ processes: count, projectors, rounds, open_rate, p50, p99 }) => [
      LOGS[log],
      String(count),
      projectors,
      readable(median(rounds)),
      rounds.length > 1 ? `${Math.min(...rounds)}–${Math.max(...rounds)}` : NONE,
      open_rate === undefined ? NONE : `${p50} and ${p99} at ${open_rate} a second`,
      found ? measuredOf(found) : NONE,
    ]);
  });
  if (rows.length === 0) return [];
  const columns = ['log', 'API processes', 'projectors in', 'orders, 1/s', 'rounds', 'p50 and p99, ms', 'measured'];
  return [
    '### API processes on one log',
    'Orders of 3 lines over 64 connections in all. The times are those of the slowest process in an open loop.',
    markdownTable(columns, rows),
  ];
}

function cell(value: number | string | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || Number.isNaN(value) ? NONE : readable(value);
}

function reached(isReached: boolean): string {
  return isReached ? 'yes' : 'no';
}

function measuredOf({ date, commit }: Pick<Run, 'date' | 'commit'>): string {
  return `${date}, ${commit}`;
}

function namesOf(sizes: readonly SizeFigures[]): string[] {
  return [...new Set(sizes.flatMap(({ reads }) => Object.keys(reads ?? {})))];
}

/** The smallest size and the largest that the mark is for, if they are two. */
function markedOf(results: Results | null): SizeFigures[] {
  const sizes = sizesOf(results).filter(({ events }) => events <= MARKED);
  return sizes.length < 2 ? [] : [sizes[0] as SizeFigures, sizes.at(-1) as SizeFigures];
}

function sizesOf(results: Results | null): readonly (SizeFigures & Run)[] {
  return Object.values(results?.sizes ?? {}).toSorted((a, b) => a.events - b.events);
}
