/** What measurements are boiled down to. */

/** The value below which this share of the values lies. 0 if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** By how much y grows as x grows by one: the line with the least squares through the points. 0 for fewer than two. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
  const [x, y] = [mean(points.map(([a]) => a)), mean(points.map(([, b]) => b))];
  const spread = points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  return spread > 0 ? points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / spread : 0;
}
