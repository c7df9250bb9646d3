/** Orders of three lines, by few and many clients, without and with an Idempotency-Key. */
import { type Rated, ratesOf, timesFigure } from '../rates.js';
import type { Bench, Figure, Row } from '../row.js';

/** How many times the peer's rate, by connections. */
const MARKS = [
  { connections: 16, unkeyed: 2.5, keyed: 1.5 },
  { connections: 64, unkeyed: 3, keyed: 2 },
] as const;

export const placing: Row = {
  name: 'placing',
  what: 'placing an order of 3 lines, 16 and 64 connections, without and with Idempotency-Key',
  peer: 'CRUD: order, lines and history in one transaction',
  run: async (bench) => {
    const shop = await bench.shop();
    // Neither is to pay for what is compiled and connected the first time.
    for (const target of [shop.ours, shop.peer]) {
      await shop.load(target, { kind: 'place', connections: 64, seconds: bench.quick ? 1 : 5 });
    }
    const figures: Figure[] = [];
    for (const { connections, unkeyed, keyed } of MARKS) {
      const what = `orders of 3 lines, ${connections} connections`;
      const { rates, costs } = await measured(bench, { what, connections, keyed: false, times: unkeyed });
      const timing = { what, pool: shop.pool, lines: 3, connections, rates };
      figures.push(rates, ...costs, await timesFigure(bench, shop, shop.peer, timing));
      const withKey = { what: `${what}, Idempotency-Key`, connections, keyed: true, times: keyed };
      const keyedRates = await measured(bench, withKey);
      figures.push(keyedRates.rates, ...keyedRates.costs);
    }
    return figures;
  },
};

interface Placing {
  readonly what: string;
  readonly connections: number;
  readonly keyed: boolean;
  readonly times: number;
}

async function measured(bench: Bench, { what, connections, keyed, times }: Placing): Promise<Rated> {
  const shop = await bench.shop();
  return ratesOf(bench, what, { ratioAtLeast: times }, shop, async (target, seconds) => {
    await shop.settled();
    return shop.load(target, { kind: 'place', keyed, connections, seconds });
  });
}
