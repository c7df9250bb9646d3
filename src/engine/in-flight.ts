import pMap, { pMapSkip } from 'p-map';
import { IN_FLIGHT_BYTES } from './core/budgets.js';

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
  const failures: unknown[] = [];
  let bytes = 0;
  let freed = (): void => undefined;
  async function* admitted(): AsyncGenerator<{ readonly item: T; readonly own: number }> {
    for await (const item of items) {
      while (bytes >= IN_FLIGHT_BYTES) await new Promise<void>((resolve) => (freed = resolve));
      if (failures.length > 0) return;
      const own = weigh(item);
      bytes += own;
      yield { item, own };
    }
  }
  const one = async ({ item, own }: { readonly item: T; readonly own: number }): Promise<typeof pMapSkip> => {
    try {
      // p-map would not wait for the others after an error: it learns of none.
      if (failures.length === 0) await work(item);
    } catch (error) {
      failures.push(error);
    } finally {
      bytes -= own;
      freed();
    }
    return pMapSkip;
  };
  await pMap(admitted(), one, { concurrency: limit });
  if (failures.length > 0) throw failures[0];
}
