import t from 'tap';
import { ownContext } from '../../src/commands/own-context.js';
import { atRest, attacked, checkStock, ON_HAND, recovered } from './dying.js';

t.test(
  'what a late attempt reserves for an order that is over by then does not stay reserved, if its process dies',
  async (t) => {
    const counted = [ON_HAND, ON_HAND];
    const attack = await attacked(t, counted);
    const { shop, products } = attack;
    const { orderStock } = shop.runtime.openStock;
    for (const path of ['cancel', 'mark-paid']) {
      const { order_id } = (await attack.order([2, 3], path)).data as { order_id: string };
      await shop.http.ok('POST', `/v1/orders/${order_id}/${path}`);
      // The reactor has seen to it.
      await atRest(shop);
      // The same request, sent twice: this one was held up, reserves, and gets no further.
      const wanted = products.map((product_id) => ({ product_id, quantity: 1 }));
      await orderStock.reserve(order_id, wanted, ownContext('system', ''));
      await recovered(shop);
      await checkStock(t, attack, counted, path);
    }
  },
);
