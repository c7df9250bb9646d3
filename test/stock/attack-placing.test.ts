import t from 'tap';
import type { Answer } from '../support/http-client.js';
import { verified } from '../support/unknown-types.js';
import { attacked, checkStock, dyingAt, eachDeath, ON_HAND, recovered } from './dying.js';

for (const key of [null, 'key']) {
  t.test(
    `placing, ${key ? 'with a key' : 'without a key'}: whenever its process dies, nothing stays reserved for no order`,
    async (t) => {
      const counted = [ON_HAND, ON_HAND];
      const attack = await attacked(t, counted);
      const { shop } = attack;
      let n = 0;
      const deaths = await eachDeath(async (death, what) => {
        await shop.stopProjectors();
        const own = key && `${key}-${++n}`;
        const send = (): Promise<Answer> => attack.order([1, 2], own ?? undefined);
        const died = await dyingAt(shop.runtime.store, death, send);
        if (own && died) {
          const again = await send();
          t.equal(again.status, 201, `${what}: the same request again places the order`);
          t.same((await send()).body, again.body, `${what}: once`);
        }
        await recovered(shop);
        await checkStock(t, attack, counted, what);
        return died;
      });
      t.ok(deaths >= 3, `${deaths} appends`);
      const { ok, models, checks } = await verified(shop);
      t.ok(ok, JSON.stringify([models.map(({ differences }) => differences), checks.filter((one) => !one.ok)]));
    },
  );
}

t.test(
  'placing that is refused, for one product is short: what was reserved is released, whenever its process dies',
  async (t) => {
    const counted = [ON_HAND, 0];
    const attack = await attacked(t, counted);
    const { shop } = attack;
    const deaths = await eachDeath(async (death, what) => {
      await shop.stopProjectors();
      const died = await dyingAt(shop.runtime.store, death, () => attack.order([1, 1]));
      await recovered(shop);
      await checkStock(t, attack, counted, what);
      return died;
    });
    t.ok(deaths >= 2, `${deaths} appends`);
  },
);
