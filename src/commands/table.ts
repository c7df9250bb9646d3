import { print } from '../engine/index.js';

/** Columns as wide as their widest cell, for people. A cell may hold text from outside. */
export function table(given: readonly (readonly string[])[]): string[] {
  const rows = given.map((row) => row.map((cell) => print.safe(cell)));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
