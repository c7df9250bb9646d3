/** What a whole run writes into docs/performance.md: the parts between markers, the rest is written by people. */
import type { Machine } from './machine.js';
import type { Plot } from './plot.js';
import type { Figure } from './row.js';
import { median } from './statistics.js';
import { tableOf } from './table.js';

/** @throws Error if the page has no such part */
export function withPart(page: string, name: string, content: string): string {
  const [from, to] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [begin, end] = [page.indexOf(from), page.indexOf(to)];
  if (begin < 0 || end < begin) throw new Error(`the page has no part between ${from} and ${to}`);
  return `${page.slice(0, begin + from.length)}\n\n${content}\n\n${page.slice(end)}`;
}

export function resultsOf(date: string, rounds: number, machine: Machine, figures: readonly Figure[]): string {
  const { cpu, cores, memory_gib, node, commit, postgres } = machine;
  const database = Object.entries(postgres ?? {}).map(([name, value]) => `${name} ${value}`);
  const lines = [
    `- date ${date}, commit ${commit}`,
    `- ${cores} cores (${cpu}), ${memory_gib} GiB of memory, Node ${node}`,
    ...(database.length > 0 ? [`- Postgres: ${database.join(', ')}`] : []),
    `- medians of at least ${rounds} rounds in which both sides take turns; ratios are medians of those of the rounds`,
  ];
  return `${lines.join('\n')}\n\n${tableOf(figures)}`;
}

/** Cost against size, of the figures that were measured at several sizes; null if there are none. */
export function costPlot(figures: readonly Figure[]): Plot | null {
  const sized = figures.filter(({ size }) => size !== undefined);
  if (sized.length < 2) return null;
  const points = (of: (figure: Figure) => readonly number[] | null): [number, number][] =>
    sized.flatMap((figure) => {
      const values = of(figure);
      return values === null ? [] : [[figure.size ?? 0, median(values)] as [number, number]];
    });
  return {
    title: 'Status counts of a root category: cost against size',
    x: { label: 'orders', log: true },
    y: { label: 'ms', log: true },
    series: [
      { name: 'Orderlog', points: points(({ ours }) => ours) },
      { name: 'count(distinct) over joins', points: points(({ peer }) => peer) },
    ],
  };
}
