/** What the table says of the rounds. */
import type { Figure, Mark } from './row.js';
import { median } from './statistics.js';

/**
 * The median of what each round says, since the machine changes less within a round than from one to the next; null where there is no
 * peer.
 */
export function ratioOf({ ours, peer }: Pick<Figure, 'ours' | 'peer'>): number | null {
  return peer === null ? null : median(ours.map((our, round) => our / (peer[round] ?? Number.NaN)));
}

/** Null where no mark is set, or there is nothing to compare with. */
export function isReached(figure: Pick<Figure, 'ours' | 'peer' | 'mark'>): boolean | null {
  const { mark } = figure;
  if (mark === null) return null;
  const ours = median(figure.ours);
  if ('atLeast' in mark) return ours >= mark.atLeast;
  if ('atMost' in mark) return ours <= mark.atMost;
  if ('moreAtMost' in mark) return figure.peer === null ? null : ours - median(figure.peer) <= mark.moreAtMost;
  const ratio = ratioOf(figure);
  if (ratio === null) return null;
  return 'ratioAtLeast' in mark ? ratio >= mark.ratioAtLeast : ratio <= mark.ratioAtMost;
}

export function wordsOf(mark: Mark | null): string {
  if (mark === null) return '';
  if ('atLeast' in mark) return `at least ${mark.atLeast.toLocaleString('en-US')}`;
  if ('atMost' in mark) return `at most ${mark.atMost.toLocaleString('en-US')}`;
  if ('moreAtMost' in mark) return `at most ${mark.moreAtMost} more`;
  return 'ratioAtLeast' in mark ? `at least ${mark.ratioAtLeast} times` : `at most ${mark.ratioAtMost} times`;
}
