/** bench/results/scale.json: the figures of all runs on one machine, each written as soon as it is measured. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Machine } from './machine.js';
import type { MemoryFigures } from './scale-memory.js';
import type { LogName, ProcessFigures } from './scale-processes.js';
import type { SizeFigures } from './scale-sizes.js';
import type { TreeFigures } from './scale-tree.js';

/** Figures of different days stand side by side: each says from when and of which commit it is. */
export interface Run {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
}

type Hardware = Pick<Machine, 'cpu' | 'cores' | 'memory_gib'>;

export interface Results {
  readonly machine: Hardware;
  /** By the events that were asked for. */
  readonly sizes: Readonly<Record<string, SizeFigures & Run>>;
  /** By `products/categories`. */
  readonly trees: Readonly<Record<string, TreeFigures & Run>>;
  readonly memory: (MemoryFigures & Run) | null;
  readonly processes: Readonly<Partial<Record<LogName, Run & { readonly figures: readonly ProcessFigures[] }>>>;
}

export interface Kept {
  all(): Results;
  keep(change: (before: Results) => Partial<Results>): void;
}

/** @param file null to keep nothing beyond this process */
export function keepResults(file: string | null, { cpu, cores, memory_gib }: Machine): Kept {
  const machine: Hardware = { cpu, cores, memory_gib };
  const none: Results = { machine, sizes: {}, trees: {}, memory: null, processes: {} };
  const stored = (): Results | null => (file === null ? null : storedResults(file));
  const before = stored();
  if (before !== null && !isSame(before.machine, machine))
    console.error(`The figures in ${file} are of another machine (${before.machine.cpu}). This run replaces them.`);
  let current = before !== null && isSame(before.machine, machine) ? before : none;
  return {
    all: () => current,
    keep: (change) => {
      // Another variant may have written since: its figures stay.
      const found = stored();
      if (found !== null && isSame(found.machine, machine)) current = found;
      current = { ...current, ...change(current) };
      if (file === null) return;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.new`, `${JSON.stringify(current, null, 2)}\n`);
      renameSync(`${file}.new`, file);
    },
  };
}

/** Null if nothing was measured yet. */
export function storedResults(file: string): Results | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null;
}

function isSame(one: Hardware, other: Hardware): boolean {
  return one.cpu === other.cpu && one.cores === other.cores && one.memory_gib === other.memory_gib;
}
