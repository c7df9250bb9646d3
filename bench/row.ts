/** What a row of the table is, and what it has found. */
import type { Shop } from './shop.js';

/** What is to be reached. A ratio is of ours to the peer's; `moreAtMost` is by how much ours may exceed the peer's. */
export type Mark =
  | { readonly ratioAtLeast: number }
  | { readonly ratioAtMost: number }
  | { readonly moreAtMost: number }
  | { readonly atLeast: number }
  | { readonly atMost: number };

/** One line of the table: the value of each round, on either side. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly ours: readonly number[];
  /** Null where there is no peer. */
  readonly peer: readonly number[] | null;
  /** Null where no mark is set. */
  readonly mark: Mark | null;
  readonly detail?: string;
  /** What the cost is plotted against, where a row is measured at several sizes. */
  readonly size?: number;
}

export interface Bench {
  /** A check that everything works; the figures mean nothing. */
  readonly quick: boolean;
  /** The sizes that take long too. */
  readonly full: boolean;
  readonly rounds: number;
  /** A temporary folder, deleted at the end. */
  readonly folder: string;
  /** The server and its CRUD peer with a small shop, started by the first row that asks. */
  shop(): Promise<Shop>;
}

export interface Row {
  /** For `npm run bench -- NAME`. */
  readonly name: string;
  readonly what: string;
  readonly peer: string;
  run(bench: Bench): Promise<readonly Figure[]>;
}

/**
 * Ours and peer by turns, each first in every other round: whatever else the machine does hits both, and so does what the side before
 * leaves behind.
 */
export async function interleaved<T>(
  rounds: number,
  ours: (round: number) => Promise<T>,
  peer: (round: number) => Promise<T>,
): Promise<{ readonly ours: readonly T[]; readonly peer: readonly T[] }> {
  const found = { ours: [] as T[], peer: [] as T[] };
  for (let round = 0; round < rounds; round++) {
    const isOurTurn = round % 2 === 0;
    if (isOurTurn) found.ours.push(await ours(round));
    found.peer.push(await peer(round));
    if (!isOurTurn) found.ours.push(await ours(round));
  }
  return found;
}

/** Calls for so long, so many under way at a time. @returns calls a second */
export async function callsPerSecond(call: () => Promise<unknown>, atOnce: number, ms: number): Promise<number> {
  const since = performance.now();
  let done = 0;
  const one = async (): Promise<void> => {
    for (; performance.now() - since < ms; done++) await call();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return done / ((performance.now() - since) / 1_000);
}
