/** Orders of three lines, by few and many clients, without and with an Idempotency-Key. */
import type { LoadResult } from '../load.js';
import type { Running } from '../processes.js';
import { type Bench, type Figure, interleaved, type Mark, type Row } from '../row.js';

const CONNECTIONS = [16, 64] as const;

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
    for (const connections of CONNECTIONS) {
      for (const keyed of [false, true]) figures.push(await measured(bench, connections, keyed));
    }
    return figures;
  },
};

async function measured(bench: Bench, connections: 16 | 64, keyed: boolean): Promise<Figure> {
  const shop = await bench.shop();
  const one = async (target: Running): Promise<LoadResult> => {
    await shop.settled();
    return shop.load(target, { kind: 'place', keyed, connections, seconds: bench.quick ? 1 : 6 });
  };
  const found = await interleaved(
    bench.rounds,
    () => one(shop.ours),
    () => one(shop.peer),
  );
  const unkeyed: Mark = { ratioAtLeast: connections === 16 ? 2.5 : 3 };
  return figureOf(
    `place an order of 3 lines, ${connections} connections${keyed ? ', Idempotency-Key' : ''}`,
    found,
    keyed ? null : unkeyed,
  );
}

/** Rates of a closed loop: their times leave out those who would have come meanwhile, so none are told. */
export function figureOf(
  what: string,
  found: { readonly ours: readonly LoadResult[]; readonly peer: readonly LoadResult[] },
  mark: Mark | null,
): Figure {
  const rates = (rounds: readonly LoadResult[]): number[] => rounds.map(({ perSecond }) => perSecond);
  const [ours, peer] = [rates(found.ours), rates(found.peer)];
  const spread = (values: readonly number[]): string =>
    `${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))}`;
  const detail = `rounds ${spread(ours)}; peer ${spread(peer)}`;
  return { what, unit: '1/s', ours, peer, mark, detail };
}
