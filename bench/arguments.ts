/** What follows `npm run bench --`. */
import { parseArgs } from 'node:util';
import type { Row } from './row.js';

export interface Wanted {
  readonly rows: readonly Row[];
  readonly quick: boolean;
  readonly full: boolean;
}

/** What is to be printed instead. */
export interface Told {
  readonly text: string;
  readonly isFault: boolean;
}

export function wantedOf(args: readonly string[], all: readonly Row[]): Wanted | Told {
  const usage = usageOf(all);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, full: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return { text: usage, isFault: false };
    const unknown = positionals.filter((name) => !all.some((row) => row.name === name));
    if (unknown.length > 0) return { text: `There is no row ${unknown.join(', ')}.\n\n${usage}`, isFault: true };
    const rows = positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name));
    return { rows, quick: values.quick ?? false, full: values.full ?? false };
  } catch (error) {
    return { text: `${(error as Error).message}\n\n${usage}`, isFault: true };
  }
}

function usageOf(all: readonly Row[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const rows = all.map(
    ({ name, what, peer }) => `  ${name.padEnd(width)}  ${what}\n  ${' '.repeat(width)}  against ${peer}`,
  );
  return `npm run bench -- [NAME…] [--quick] [--full]

Without a name, all rows are measured, and the results are written to bench/results and docs/performance.md.

  --quick  checks in about a minute that each row works; its figures mean nothing and are not written
  --full   also measures the sizes that take long

${rows.join('\n')}`;
}
