/** The table of a run in Markdown. */
import { isReached, ratioOf, wordsOf } from './figures.js';
import type { Figure } from './row.js';
import { median } from './statistics.js';

const COLUMNS = ['what', 'Orderlog', 'peer', 'ratio', 'mark', 'reached', 'detail'];

export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const reached = isReached(figure);
    return [
      figure.what,
      `${readable(median(figure.ours))} ${figure.unit}`,
      figure.peer === null ? '' : `${readable(median(figure.peer))} ${figure.unit}`,
      ratioOf(figure)?.toFixed(2) ?? '',
      wordsOf(figure.mark),
      reached === null ? '' : reached ? 'yes' : 'no',
      figure.detail ?? '',
    ];
  });
  return markdownTable(COLUMNS, rows);
}

/** Aligned as prettier wants it, so that a page that holds the table passes its check. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) =>
    Math.max(3, column.length, ...rows.map((row) => [...(row[i] ?? '')].length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - [...cell].length)).join(' | ')} |`;
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Three digits that mean something, or all before the point. */
export function readable(value: number): string {
  if (value >= 100 || value === 0) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
