/** A large category tree: what one product moved costs, and the tree as an answer. */
import { randomInt } from 'node:crypto';
import { productEvents } from '../src/product/events.js';
import { appendCatalog, withoutIndexes } from './bulk-log.js';
import { projecting, withInstallation } from './installation.js';
import { runWatched } from './peak.js';
import { serve } from './processes.js';
import { median, percentile } from './statistics.js';
import { event } from './synthetic-log.js';
import { get, rounded, type Timed, timedRead } from './timed-reads.js';

export interface TreeFigures {
  readonly products: number;
  readonly categories: number;
  readonly written_seconds: number;
  readonly rebuild: { readonly seconds: number; readonly peak_mb: number };
  /** From the append to the checkpoint of the read model. */
  readonly product_moved: { readonly median_ms: number; readonly p99_ms: number };
  /** The first answer after a product was moved, and every one after that. */
  readonly tree: {
    readonly changed_ms: number;
    readonly again: Timed;
    readonly not_modified: Timed;
    readonly gzip: Timed;
  };
}

const MOVES = 100;
const CHANGES = 15;
const TIMES = 100;
const WIDTH = 10;

export function measureTree(products: number, categories: number): Promise<TreeFigures> {
  return withInstallation(async (installation) => {
    const { settings, pool, store } = installation;
    const begun = performance.now();
    await withoutIndexes(pool, async () => {
      await appendCatalog(pool, { categories, width: WIDTH, products, users: 1 });
    });
    const written_seconds = rounded((performance.now() - begun) / 1_000);
    console.error(`${products} products in ${categories} categories written in ${written_seconds} s`);
    const { seconds, peak_mb, code, stderr } = await runWatched(settings, 'rebuild');
    if (code !== 0) throw new Error(`orderlog rebuild ended with ${code}: ${stderr}`);
    const move = async (): Promise<void> => {
      const product_id = randomInt(1, products + 1);
      const fact = {
        product_id,
        cat_ids: [randomInt(categories - 1_000, categories) + 1],
        categorised_at: new Date().toISOString(),
      };
      await store.append(`product-${product_id}`, [event(productEvents.ProductCategorised, fact)], 'any');
    };
    const moved: number[] = [];
    const changed: number[] = [];
    const tree = await projecting(installation, async ({ reachHead }) => {
      await reachHead();
      for (let n = 0; n < MOVES; n++) {
        await move();
        const appended = performance.now();
        await reachHead('category-tree');
        moved.push(performance.now() - appended);
      }
      const served = await serve(settings, '--api-only');
      const { url } = served;
      for (let n = 0; n < CHANGES; n++) {
        await move();
        await reachHead('category-tree');
        const asked = performance.now();
        await get(url, { path: '/v1/categories' });
        changed.push(performance.now() - asked);
      }
      const { headers } = await get(url, { path: '/v1/categories' });
      const timed = (more: Record<string, string>, status = 200): Promise<Timed> =>
        timedRead(url, { path: '/v1/categories', headers: more, status }, TIMES);
      const again = await timed({});
      const not_modified = await timed({ 'if-none-match': String(headers['etag']) }, 304);
      const gzip = await timed({ 'accept-encoding': 'gzip' });
      await served.stop();
      return { changed_ms: rounded(median(changed)), again, not_modified, gzip };
    });
    return {
      ...{ products, categories, written_seconds, rebuild: { seconds, peak_mb } },
      product_moved: { median_ms: rounded(median(moved)), p99_ms: rounded(percentile(moved, 0.99)) },
      tree,
    };
  });
}
