import t from 'tap';
import { ClaimProtocol } from '../../src/engine/claims/acquire.js';
import { skuClaims } from '../../src/product/claims.js';
import { claimOwners } from '../../src/engine/claims/claims.js';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import type { CommandContext } from '../../src/engine/core/stream-access.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { addProduct, type AddProductDeps } from '../../src/product/add-product.js';
import { productStream } from '../../src/product/stream.js';
import { testContext } from '../support/context.js';
import { MemoryVault } from '../support/memory-vault.js';

const at = '2026-01-02T00:00:00.000Z';
const LATER = new Date(Date.now() + 3_600_000).toISOString();

function shop(): AddProductDeps & { last: number } {
  const handler = new CommandHandler(new MemoryEventStore(), new MemoryVault());
  const owners = claimOwners(handler, productStream, (product, sku) => product?.sku === sku);
  const deps = {
    last: 0,
    handler,
    skuClaims: new ClaimProtocol(skuClaims, handler, owners),
    ids: {
      next: () => Promise.resolve(++deps.last),
      moveBeyond: (id: number) => Promise.resolve(void (deps.last = Math.max(deps.last, id))),
    },
  };
  return deps;
}

function add(deps: AddProductDeps, context: CommandContext, over: object = {}): ReturnType<typeof addProduct> {
  const request = {
    sku: 'S',
    name: 'Lamp',
    price: 1,
    currency: 'USD',
    cat_ids: [1],
    unknownCategories: [],
    at,
    ...over,
  };
  return addProduct(deps, { type: 'AddProduct', ...request }, context);
}

t.test('a given id moves the sequence on, but not if the product is refused', async (t) => {
  const deps = shop();
  const unknownCategories = [{ path: 'cat_ids[0]', message: 'unknown category' }];
  const largest = { product_id: 2_147_483_647 };
  await t.rejects(add(deps, testContext(), { ...largest, unknownCategories }), { code: 'unknown-category' });
  t.equal((await add(deps, testContext())).state?.product_id, 1);
  await t.rejects(add(deps, testContext(), largest), { code: 'sku-taken' });
  t.equal((await add(deps, testContext(), { sku: 'T', product_id: 7 })).state?.product_id, 7);
  t.equal((await add(deps, testContext(), { sku: 'U' })).state?.product_id, 8);
});

t.test('a retry takes the id that a crash left the SKU claimed for', async (t) => {
  const deps = shop();
  await deps.skuClaims.acquire('S', { stream: 'product-5', revision: 0 }, testContext({ key: 'crashed' }));
  t.equal((await add(deps, testContext({ key: 'crashed' }))).state?.product_id, 5);
});

t.test('a retry whose claim has gone to another product finds the SKU taken', async (t) => {
  const deps = shop();
  await deps.skuClaims.acquire('S', { stream: 'product-5', revision: 0 }, testContext({ key: 'robbed' }));
  const other = await add(deps, testContext({ now: LATER }));
  t.equal(other.state?.product_id, 1);
  await t.rejects(add(deps, testContext({ key: 'robbed' })), { code: 'sku-taken' });
});
