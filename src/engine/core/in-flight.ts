import { IN_FLIGHT_BYTES } from './budgets.js';

/**
 * Works through items with at most `limit` under way at once. After the first error nothing new is begun; what is under
 * way is waited for, then the error is thrown.
 * @param weigh how many bytes an item takes: with many of them under way the next one waits
 */
export async function forEachInFlight<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  weigh: (item: T) => number = () => 0,
): Promise<void> {
  let bytes = 0;
  let freed = (): void => undefined;
  // One step after the other, however many lanes ask.
  const iterator = (async function* () {
    for await (const item of items) {
      while (bytes >= IN_FLIGHT_BYTES) await new Promise<void>((resolve) => (freed = resolve));
      const own = weigh(item);
      bytes += own;
      yield { item, bytes: own };
    }
  })();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (;;) {
      try {
        const { done, value } = await iterator.next();
        if (done) return;
        try {
          // Another lane may have failed meanwhile.
          if (failures.length > 0) return;
          await work(value.item);
        } finally {
          bytes -= value.bytes;
          freed();
        }
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
