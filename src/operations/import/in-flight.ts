/**
 * Works through items with at most `limit` under way at once. After the first error nothing new is begun; what is under
 * way is waited for, then the error is thrown.
 */
export async function forEachInFlight<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = (async function* () {
    yield* items;
  })();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (;;) {
      try {
        const { done, value } = await iterator.next();
        // Another lane may have failed meanwhile.
        if (done || failures.length > 0) return;
        await work(value);
      } catch (error) {
        failures.push(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  await iterator.return(undefined);
  if (failures.length > 0) throw failures[0];
}
