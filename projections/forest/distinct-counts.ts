import type { Forest } from './forest.js';

/**
 * How many things stand in each place of a forest or below it, by kind. A thing that stands in several places counts once in
 * all that are above them. A thing costs the walk to where its branches meet; what is above is added up once for all things.
 */
export class DistinctCounts<Kind extends string> {
  /** At each place, by the index of the kind. */
  readonly #noted = new Map<number, number[]>();

  constructor(
    readonly forest: Forest<unknown>,
    readonly kinds: readonly Kind[],
  ) {}

  /** Counts as many alike things; fewer than 0 take them away. @param ids where each of them stands */
  add(ids: readonly number[], kind: Kind, things: number): void {
    const index = this.kinds.indexOf(kind);
    this.forest.branches(ids, (id, by) => {
      const counts = this.#at(this.#noted, id);
      counts[index] = (counts[index] ?? 0) + by * things;
    });
  }

  /** In the place or below it, in the order of the kinds; places that nothing was counted in are left out. */
  totals(): Map<number, readonly number[]> {
    const totals = new Map<number, number[]>();
    for (const { id, parent } of this.forest.above(this.#noted.keys())) {
      const total = this.#at(totals, id);
      addTo(total, this.#noted.get(id) ?? []);
      if (parent) addTo(this.#at(totals, parent.id), total);
    }
    return totals;
  }

  #at(counts: Map<number, number[]>, id: number): number[] {
    let known = counts.get(id);
    if (!known) counts.set(id, (known = this.kinds.map(() => 0)));
    return known;
  }
}

function addTo(sums: number[], counts: readonly number[]): void {
  for (const [i, count] of counts.entries()) sums[i] = (sums[i] ?? 0) + count;
}

/** What becomes of counts between two moments; places where nothing changes are left out. */
export function changesBetween(
  before: ReadonlyMap<number, readonly number[]>,
  after: ReadonlyMap<number, readonly number[]>,
): Map<number, readonly number[]> {
  const changes = new Map<number, readonly number[]>();
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(id) ?? [], after.get(id) ?? []];
    const change = (was.length > 0 ? was : is).map((_, i) => (is[i] ?? 0) - (was[i] ?? 0));
    if (change.some((by) => by !== 0)) changes.set(id, change);
  }
  return changes;
}
