import t from 'tap';
import { IN_FLIGHT_BYTES } from '../../src/engine/core/budgets.js';
import { forEachInFlight } from '../../src/engine/in-flight.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function mostAtOnce(weight: number, items: number): Promise<{ most: number; done: number }> {
  const seen = { most: 0, done: 0 };
  let underWay = 0;
  const work = async (): Promise<void> => {
    seen.most = Math.max(seen.most, ++underWay);
    await turn();
    await turn();
    underWay -= 1;
    seen.done += 1;
  };
  await forEachInFlight(Array.from({ length: items }).keys(), 128, work, () => weight);
  return seen;
}

t.test('few large items are under way at once, and many small ones', async (t) => {
  t.same(await mostAtOnce(IN_FLIGHT_BYTES / 8, 100), { most: 8, done: 100 });
  t.same(await mostAtOnce(IN_FLIGHT_BYTES * 2, 10), { most: 1, done: 10 }, 'one that is too large alone has its turn');
  t.same(await mostAtOnce(1, 300), { most: 128, done: 300 });
});

t.test('an error ends it, also while large items wait', async (t) => {
  const failing = (n: number): Promise<void> => (n === 3 ? Promise.reject(new Error('the third')) : turn());
  await t.rejects(
    forEachInFlight(Array.from({ length: 50 }).keys(), 16, failing, () => IN_FLIGHT_BYTES),
    /the third/,
  );
});
