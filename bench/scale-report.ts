/** Figures of bench:scale as plots, as a table, and as the growth that matters. */
import type { Plot, Series } from './plot.js';
import type { MemoryFigures } from './scale-memory.js';
import type { ProcessFigures } from './scale-processes.js';
import type { SizeFigures } from './scale-sizes.js';
import type { TreeFigures } from './scale-tree.js';

export interface Results {
  readonly sizes: Readonly<Record<string, SizeFigures>>;
  readonly tree?: Readonly<Record<string, TreeFigures>>;
  readonly memory?: MemoryFigures;
  /** By the log. */
  readonly processes?: Readonly<Record<string, { readonly figures: readonly ProcessFigures[] }>>;
}

type OfSize = (figures: SizeFigures) => number;

const COSTS: Readonly<Record<string, OfSize>> = {
  rebuild: ({ rebuild }) => rebuild.us_per_event,
  verify: ({ verify }) => verify?.us_per_event ?? NaN,
  'event by event': (figures) => figures.event_by_event.us_per_event,
  'placing an order': ({ placing }) => placing.us_per_order,
};

/** Growth is compared up to here: the mark is about a million events. */
const MARKED = 1_100_000;

export function scalePlots({ sizes }: Results): Plot[] {
  const of = ascending(sizes);
  const x = { label: 'events in the log', log: true };
  const series = (name: string, value: OfSize): Series => ({
    name,
    points: of.map((one) => [one.events, value(one)] as const),
  });
  const reads = Object.keys(of[0]?.reads ?? {}).map((name) => series(name, (one) => one.reads[name]?.median_ms ?? NaN));
  const half = Math.ceil(reads.length / 2);
  return [
    {
      title: 'Cost of an event',
      x,
      y: { label: 'µs' },
      series: Object.entries(COSTS).map(([name, value]) => series(name, value)),
    },
    { title: 'Reads, median of one caller (1)', x, y: { label: 'ms' }, series: reads.slice(0, half) },
    { title: 'Reads, median of one caller (2)', x, y: { label: 'ms' }, series: reads.slice(half) },
  ];
}

/** Each cost at the largest marked size, as a multiple of what it is at the smallest. */
export function worstGrowth({ sizes }: Results): { readonly what: string; readonly times: number }[] {
  const of = ascending(sizes).filter(({ events }) => events <= MARKED);
  const [first, last] = [of[0], of.at(-1)];
  if (!first || !last || first === last) return [];
  return Object.entries(COSTS).map(([what, value]) => ({
    what,
    times: Math.round((value(last) / value(first)) * 100) / 100,
  }));
}

export function scaleTable({ sizes }: Results): string {
  const of = ascending(sizes);
  const names = Object.keys(of[0]?.reads ?? {});
  const row = (what: string, value: (one: SizeFigures) => number | string): string =>
    `| ${what} | ${of.map(value).join(' | ')} |`;
  return [
    row('events', ({ events }) => events.toLocaleString('en')),
    `| --- | ${of.map(() => '--: ').join('| ')}|`,
    row('orders', ({ orders }) => orders.toLocaleString('en')),
    row('database, MB', ({ database_mb }) => database_mb),
    ...Object.entries(COSTS).map(([what, value]) => row(`${what}, µs`, (one) => value(one) || '–')),
    row('orders placed, 1/s', ({ placing }) => placing.per_second),
    row('memory of rebuild, of verify, MB', ({ rebuild, verify }) => `${rebuild.peak_mb}, ${verify?.peak_mb ?? '–'}`),
    ...names.map((name) => row(`${name}, ms`, (one) => one.reads[name]?.median_ms ?? '')),
  ].join('\n');
}

function ascending(sizes: Results['sizes']): readonly SizeFigures[] {
  return Object.values(sizes).toSorted((a, b) => a.events - b.events);
}
