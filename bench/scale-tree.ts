/** A large category tree: what one product moved costs, and the tree as a response. */
import { randomInt } from 'node:crypto';
import { productEvents } from '../src/product/events.js';
import { appendCatalog, withoutIndexes } from './bulk-log.js';
import { type Installation, projecting, type Projecting, withInstallation } from './installation.js';
import { type Ran, runWatched } from './peak.js';
import { serve } from './processes.js';
import { step } from './progress.js';
import type { Tree } from './scale-arguments.js';
import { median, percentile } from './statistics.js';
import { event } from './synthetic-log.js';
import { get, rounded, type Timed, timedRead } from './timed-reads.js';

interface Spread {
  readonly median_ms: number;
  readonly p99_ms: number;
}

/** Members are there as soon as they are measured. */
export interface TreeFigures extends Tree {
  readonly written_seconds: number;
  readonly rebuild?: Pick<Ran, 'seconds' | 'peak_mb'>;
  /** From the append to the checkpoint of the category tree. */
  readonly product_moved?: Spread;
  readonly tree?: {
    /** The first response after a product was moved. */
    readonly changed: Spread;
    readonly again: Timed;
    readonly not_modified: Timed;
    readonly gzip: Timed;
  };
}

const MOVES = 100;
const CHANGES = 15;
const TIMES = 100;
const WIDTH = 10;
/** Products are moved between the last categories, which have none below them. */
const LEAVES = 1_000;

export function measureTree(
  { products, categories }: Tree,
  quick: boolean,
  keep: (figures: TreeFigures) => void,
): Promise<void> {
  return withInstallation(async (installation) => {
    const { settings, pool } = installation;
    const begun = performance.now();
    await step(`writing ${products} products in ${categories} categories`, (tell) =>
      withoutIndexes(
        pool,
        async () => {
          await appendCatalog(pool, { categories, width: WIDTH, products, users: 1 }, tell);
        },
        tell,
      ),
    );
    let figures: TreeFigures = { products, categories, written_seconds: rounded((performance.now() - begun) / 1_000) };
    const add = (more: Partial<TreeFigures>): void => keep((figures = { ...figures, ...more }));
    const { seconds, peak_mb } = await step('orderlog rebuild', (tell) => runWatched(settings, ['rebuild'], tell));
    add({ rebuild: { seconds, peak_mb } });
    await projecting(installation, async ({ reachHead }) => {
      await reachHead();
      const move = moving(installation, { products, categories }, reachHead);
      const moved: number[] = [];
      await step('moving products', async () => {
        for (let n = 0; n < (quick ? 10 : MOVES); n++) moved.push(await move());
      });
      add({ product_moved: spread(moved) });
      add({ tree: await step('the tree as a response', () => responses(installation, quick, move)) });
    });
  });
}

/** Milliseconds until the move of a product is in the category tree. */
function moving(
  { store }: Installation,
  { products, categories }: Tree,
  reachHead: Projecting['reachHead'],
): () => Promise<number> {
  const leaves = Math.min(LEAVES, Math.floor(categories / 2));
  return async () => {
    const product_id = randomInt(1, products + 1);
    const cat_ids = [randomInt(categories - leaves, categories) + 1];
    const fact = { product_id, cat_ids, categorised_at: new Date().toISOString() };
    await store.append(`product-${product_id}`, [event(productEvents.ProductCategorised, fact)], 'any');
    const appended = performance.now();
    await reachHead('category-tree');
    return performance.now() - appended;
  };
}

async function responses(
  { settings }: Installation,
  quick: boolean,
  move: () => Promise<number>,
): Promise<NonNullable<TreeFigures['tree']>> {
  const served = await serve(settings, '--api-only');
  const { url } = served;
  const changed: number[] = [];
  for (let n = 0; n < (quick ? 3 : CHANGES); n++) {
    await move();
    const asked = performance.now();
    await get(url, { path: '/v1/categories' });
    changed.push(performance.now() - asked);
  }
  const { headers } = await get(url, { path: '/v1/categories' });
  const timed = (more: Record<string, string>, status = 200): Promise<Timed> =>
    timedRead(url, { path: '/v1/categories', headers: more, status }, quick ? 5 : TIMES);
  const again = await timed({});
  const not_modified = await timed({ 'if-none-match': String(headers['etag']) }, 304);
  const gzip = await timed({ 'accept-encoding': 'gzip' });
  await served.stop();
  return { changed: spread(changed), again, not_modified, gzip };
}

function spread(times: readonly number[]): Spread {
  return { median_ms: rounded(median(times)), p99_ms: rounded(percentile(times, 0.99)) };
}
