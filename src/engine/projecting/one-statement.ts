/** A page that only writes, as one statement (docs/decisions/0038). */
import type { Write } from './statements.js';

/** A statement that must return one row, and the number of its parameters. */
export interface First {
  readonly text: string;
  readonly parameters: number;
}

/** What the statements made here have in common: a page writes what it must find under other conditions than the rest. */
export function namesOf(writes: readonly Write[]): string {
  return writes.map(({ name, must }) => (must ? `${name}!` : name)).join(' ');
}

/**
 * `first` and what is written, as parts of one statement. It fails if `first` returns no row, or if a part does not find the rows that
 * it must.
 */
export function oneStatement(first: First, writes: readonly Write[]): string {
  let sent = first.parameters;
  const isSo = ['(select count(*) from moved) = 1'];
  const parts = writes.map(({ text, values, must }, i) => {
    const before = sent;
    sent += values.length;
    if (must) isSo.push(`(select count(*) from write_${i}) = $${++sent}::bigint`);
    return `, write_${i} as (${text.replace(/\$(\d+)/g, (_, nth) => `$${before + Number(nth)}`)})`;
  });
  return `
    with moved as (${first.text})${parts.join('')}
    select 1 / (case when ${isSo.join(' and ')} then 1 else 0 end)`;
}

/** Those behind the parameters of `first`. */
export function valuesOf(writes: readonly Write[]): unknown[] {
  return writes.flatMap(({ values, must }) => (must ? [...values, must.rows] : values));
}
