import t from 'tap';
import type { Answer } from '../support/http-client.js';
import { verified } from '../support/unknown-types.js';
import { attacked, checkStock, dyingAt, eachDeath, ON_HAND, recovered } from './dying.js';

for (const [name, path] of [
  ['canceling', 'cancel'],
  ['paying', 'mark-paid'],
] as const) {
  t.test(
    `${name}: whenever its process dies, the stock is ${path === 'cancel' ? 'released' : 'issued'} once`,
    async (t) => {
      const counted = [ON_HAND, ON_HAND];
      const attack = await attacked(t, counted);
      const { shop } = attack;
      const deaths = await eachDeath(async (death, what) => {
        const { order_id } = (await attack.order([2, 3])).data as { order_id: string };
        await shop.stopProjectors();
        const send = (): Promise<Answer> => shop.http.send('POST', `/v1/orders/${order_id}/${path}`);
        const died = await dyingAt(shop.runtime.store, death, send);
        await recovered(shop);
        await checkStock(t, attack, counted, what);
        t.equal((await send()).status, 200, `${what}: sent again`);
        await checkStock(t, attack, counted, `${what}, sent again`);
        return died;
      });
      t.ok(deaths >= 3, `${deaths} appends`);
      const { ok, checks } = await verified(shop);
      t.ok(ok, JSON.stringify(checks.filter((one) => !one.ok)));
    },
  );
}
