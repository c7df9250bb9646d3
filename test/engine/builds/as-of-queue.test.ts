import t from 'tap';
import type { Refusal } from '../../../src/engine/core/errors.js';
import type { Found } from '../../../src/engine/builds/as-of-builds.js';
import { testDatabase } from '../../support/database.js';
import { placeOf, storeOf } from '../../support/made-up-store.js';
import { Shop } from '../../support/shop.js';
import { asOfBuildsOn } from '../../support/as-of-builds.js';
import { until } from '../projecting/running.js';

const MINUTE = 60_000;
const MOST_WAITING = 16;

t.test('who finds the queue full is told when those before it should be made, and never at once', async (t) => {
  const { pool } = await testDatabase(t);
  const shop = new Shop();
  shop.addCategory(1);
  shop.addProduct(1, 1);
  for (let order = 1; order <= 40; order++) shop.place(order, 1);
  const store = storeOf(shop.log.events);
  const asOf = asOfBuildsOn(pool, store);
  const ask = (order: number): Promise<Found> => asOf.at('user-orders', placeOf(shop.log.events, 2 + order), MINUTE);

  const waitWhenFull = async (firstOrder: number): Promise<Refusal> => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    store.before = () => released;
    const waiting = Array.from({ length: MOST_WAITING }, (_, n) => ask(firstOrder + n));
    await until(() => asOf.underWay === MOST_WAITING);
    const refused = await ask(firstOrder + MOST_WAITING).catch((error: unknown) => error);
    release();
    await Promise.all(waiting);
    return refused as Refusal;
  };

  const first = await waitWhenFull(1);
  t.equal(first.code, 'overloaded');
  t.equal(first.retrySeconds, 16, 'a second each, before any is known');
  t.match(first.message, /try again in 16 seconds/);
  const { retrySeconds } = await waitWhenFull(20);
  t.ok(retrySeconds !== null && retrySeconds >= 5 && retrySeconds < 16, `by what it took of late: ${retrySeconds}`);
  await asOf.close();
});
