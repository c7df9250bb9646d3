/** How long after its response an order is in the read model of orders, while others are placed at a fixed rate. */
import type { Timed } from '../open-load.js';
import { openLoad } from '../processes.js';
import { ordersOf } from '../rates.js';
import type { Bench, Figure, Row } from '../row.js';
import type { Shop } from '../shop.js';
import { median } from '../statistics.js';

const CONNECTIONS = 64;
/** One of so many orders is looked for. */
const EVERY = 25;
/** Milliseconds. */
const MARKS = { half: { p50: 20, p99: null }, full: { p50: 50, p99: 300 } } as const;
/** Of what a closed loop reaches: at all of it, a queue would only grow. */
const FULL = 0.9;

export const lag: Row = {
  name: 'lag',
  what: 'from the response to an order until a read finds it, at half and at full load',
  peer: 'none: rows of a transaction are there at its end',
  run: async (bench) => {
    const shop = await bench.shop();
    // A rate of one quick moment would be more than the server can take in the next.
    const reached: number[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      const load = { kind: 'place', connections: CONNECTIONS, seconds: bench.quick ? 1 : 3 } as const;
      reached.push((await shop.load(shop.ours, load)).perSecond);
    }
    const full = Math.floor(median(reached) * FULL);
    return [
      ...(await measured(bench, shop, 'half', Math.floor(full / 2))),
      ...(await measured(bench, shop, 'full', full)),
    ];
  },
};

async function measured(bench: Bench, shop: Shop, name: keyof typeof MARKS, rate: number): Promise<Figure[]> {
  const requests = ordersOf(shop.pool, 3);
  const rounds: Timed[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    await shop.settled();
    const seconds = bench.quick ? 1 : 6;
    const load = { url: shop.ours.url, rate, seconds, connections: CONNECTIONS, requests, seeEvery: EVERY };
    rounds.push(await openLoad(load));
  }
  const p99 = median(rounds.map((one) => one.p99)).toFixed(0);
  const finding = median(rounds.map((one) => one.finding?.p50 ?? Number.NaN)).toFixed(0);
  const detail = `${rate} orders a second sent; their own p99 ${p99} ms; the read that found it p50 ${finding} ms`;
  const seen = (of: 'p50' | 'p99'): number[] => rounds.map((one) => one.seen?.[of] ?? Number.NaN);
  return (['p50', 'p99'] as const).map((of) => {
    const what = `from response to visible, ${name} load, ${of}`;
    const most = MARKS[name][of];
    return { what, unit: 'ms', ours: seen(of), peer: null, mark: most === null ? null : { atMost: most }, detail };
  });
}
