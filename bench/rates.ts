/** What rows of HTTP load have in common: rates of a closed loop, and times at a rate that both sides can carry. */
import type { OpenLoad, Timed } from './open-load.js';
import { processorFigure } from './processor-time.js';
import { openLoad, type Running } from './processes.js';
import { type Bench, type Figure, interleaved, type Mark } from './row.js';
import type { MeasuredLoad, Pool, Shop } from './shop.js';
import { median, percentile } from './statistics.js';

/** Of the rate that the slower side has reached. Nearer to it, a stall of the machine is followed by a queue that outlasts it. */
const SHARE = 0.5;

/** A machine that is shared with others changes its speed within seconds: many short rounds tell more than few long ones. */
const RATED = { rounds: 9, seconds: 2 } as const;
/** The slowest of a hundred is a matter of few stalls, so it takes more rounds to tell. */
const TIMED = { rounds: 15, seconds: 2 } as const;

export interface Rated {
  readonly rates: Figure;
  /** Of the same rounds; none where the system does not tell processor time. */
  readonly costs: readonly Figure[];
}

/**
 * How many requests of a closed loop each side answers. Its times leave out those who would have come meanwhile, so none are told.
 * @param one a round of either side, which lasts so long
 */
export async function ratesOf(
  bench: Bench,
  what: string,
  mark: Mark,
  sides: { readonly ours: Running; readonly peer: Running },
  one: (target: Running, seconds: number) => Promise<MeasuredLoad>,
): Promise<Rated> {
  const seconds = bench.quick ? 1 : RATED.seconds;
  const found = await interleaved(
    bench.quick ? 1 : RATED.rounds,
    () => one(sides.ours, seconds),
    () => one(sides.peer, seconds),
  );
  const rates = (rounds: readonly MeasuredLoad[]): number[] => rounds.map(({ perSecond }) => perSecond);
  const [ours, peer] = [rates(found.ours), rates(found.peer)];
  const spread = (all: readonly number[]): string => `${Math.round(Math.min(...all))}–${Math.round(Math.max(...all))}`;
  const detail = `rounds ${spread(ours)}; peer ${spread(peer)}`;
  const processor = processorFigure(
    what,
    found.ours.map((round) => round.processor),
    found.peer.map((round) => round.processor),
  );
  return { rates: { what, unit: '1/s', ours, peer, mark, detail }, costs: processor ? [processor] : [] };
}

export interface Timing {
  readonly what: string;
  readonly pool: Pool;
  readonly lines: number;
  readonly connections: number;
  /** What the closed loops have reached. */
  readonly rates: Figure;
}

/** At the same rate on either side, sent whether or not the one before has come back. */
export async function timesFigure(bench: Bench, shop: Shop, peer: Running, timing: Timing): Promise<Figure> {
  const { what, pool, lines, connections, rates } = timing;
  const rate = Math.floor(SHARE * Math.min(median(rates.ours), median(rates.peer ?? rates.ours)));
  const load: Omit<OpenLoad, 'url'> = {
    ...{ rate, connections, seconds: bench.quick ? 1 : TIMED.seconds },
    requests: ordersOf(pool, lines),
  };
  const one = async ({ url }: Running): Promise<Timed> => {
    await shop.settled();
    return openLoad({ ...load, url });
  };
  const found = await interleaved(
    bench.quick ? 1 : TIMED.rounds,
    () => one(shop.ours),
    () => one(peer),
  );
  const ofAll = (rounds: readonly Timed[], share: number): string =>
    percentile(
      rounds.flatMap((round) => round.all),
      share,
    ).toFixed(1);
  const all = (rounds: readonly Timed[]): string => `p50 ${ofAll(rounds, 0.5)} and p99 ${ofAll(rounds, 0.99)} ms`;
  return {
    what: `p99 of ${what}`,
    unit: 'ms',
    ours: found.ours.map(({ p99 }) => p99),
    peer: found.peer.map(({ p99 }) => p99),
    mark: { ratioAtMost: 1 },
    detail: `${rate} a second; all rounds together ${all(found.ours)}; peer ${all(found.peer)}`,
  };
}

/** One order of each user. */
export function ordersOf({ users, products }: Pool, lines: number): OpenLoad['requests'] {
  return users.map((user_id, i) => {
    const items = Array.from({ length: lines }, (_, line) => {
      return { product_id: products[(i * lines + line) % products.length], quantity: 1 };
    });
    return { method: 'POST', path: '/v1/orders', body: JSON.stringify({ user_id, items }) };
  });
}
