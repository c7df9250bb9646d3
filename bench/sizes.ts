const SIZES = [10_000, 100_000, 1_000_000];
/** The catalog and the users alone have about 4,000 events. */
const LEAST = 8_000;

/** The sizes that are named, ascending; the usual ones if none is. @throws Error that says what can be measured */
export function wantedSizes(args: readonly string[]): readonly number[] {
  if (args.length === 0) return SIZES;
  const sizes = args.map((arg) => Number(arg.replaceAll('_', '')));
  if (!sizes.every((size) => Number.isInteger(size) && size >= LEAST))
    throw new Error(
      `usage: npm run bench:scale -- [tree | memory | processes | events…]; a log has at least ${LEAST} events here`,
    );
  return sizes.toSorted((a, b) => a - b);
}
