/** Orders that are placed for the purpose on either side are paid or cancelled, each once. */
import type { Running } from '../processes.js';
import { ratesOf } from '../rates.js';
import type { Bench, Figure, Row } from '../row.js';
import type { MeasuredLoad } from '../shop.js';

const CONNECTIONS = 16;

export const markPaid: Row = {
  name: 'mark-paid',
  what: 'marking an order as paid, 16 connections',
  peer: 'CRUD: lock the row, update it, add to its history',
  run: async (bench) => changed(bench, 'mark-paid', 'mark an order as paid'),
};

export const cancel: Row = {
  name: 'cancel',
  what: 'canceling an order, 16 connections',
  peer: 'CRUD: lock the row, update it, add to its history',
  run: async (bench) => changed(bench, 'cancel', 'cancel an order'),
};

async function changed(bench: Bench, kind: 'mark-paid' | 'cancel', what: string): Promise<Figure[]> {
  const shop = await bench.shop();
  const changes = bench.quick ? 500 : 3_000;
  const one = async (target: Running): Promise<MeasuredLoad> => {
    const placing = { kind: 'place', keepOrders: true, requests: changes, connections: 64 } as const;
    const { orders } = await shop.load(target, placing);
    await shop.settled();
    return shop.load(target, { kind, requests: changes, connections: CONNECTIONS }, { ...shop.pool, orders });
  };
  // Neither is to pay for what is compiled the first time.
  for (const target of [shop.ours, shop.peer]) await one(target);
  const { rates, costs } = await ratesOf(bench, `${what}, ${CONNECTIONS} connections`, { ratioAtLeast: 2 }, shop, one);
  return [rates, ...costs];
}
