import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { categoryEvents } from '../../src/category/events.js';
import { userEvents } from '../../src/user/events.js';
import { productEvents } from '../../src/product/events.js';
import { products as projection } from '../../projections/products/projection.js';
import { available } from '../../projections/stock/available.js';
import { stock } from '../../projections/stock/projection.js';
import { Products } from '../../projections/products/read-model.js';
import type { ReadModel } from '../../src/engine/projecting/read-model.js';
import { codeOfAsync, pagesOf } from '../support/reading.js';
import { servedModel } from '../support/served-model.js';
import type { TestLog } from '../support/project.js';
import { PlainStock } from '../support/plain-stock.js';
import { operations, PlainCatalog } from '../support/plain-catalog.js';

const at = '2026-01-02T03:04:05.678Z';

function category(log: TestLog, cat_id: number, parent_cat_id: number | null = null): void {
  const data = { cat_id, code: null, name: `category ${cat_id}`, parent_cat_id, added_at: at };
  log.add('categoryTree-main', categoryEvents.CategoryAdded, data);
}

function product(log: TestLog, product_id: number, cat_ids: number[]): void {
  const data = { product_id, sku: `S${product_id}`, name: `product ${product_id}`, price: 150, currency: 'EUR' };
  log.add(`product-${product_id}`, productEvents.ProductAdded, { ...data, cat_ids, added_at: at });
}

function retire(log: TestLog, product_id: number): void {
  log.add(`product-${product_id}`, productEvents.ProductRetired, { product_id, retired_at: at });
}

const productsOf = (model: ReadModel): Products => new Products(model, model, available);

const list = { status: 'active', limit: 20 } as const;

t.test('one event makes one product, a second one changes it', async (t) => {
  const { log, catchUp, model } = await servedModel(t, projection, stock);
  const products = productsOf(model);
  category(log, 1);
  product(log, 7, [1]);
  await catchUp();
  const added = {
    product_id: 7,
    sku: 'S7',
    name: 'product 7',
    price: 150,
    currency: 'EUR',
    cat_ids: [1],
    status: 'active',
    available: null,
    revision: 0,
  };
  t.same(await products.product(7), { position: log.events.at(-1)?.position, product: added });

  log.add('product-7', productEvents.ProductPriced, { product_id: 7, price: 9_007_199_254_740_991, priced_at: at });
  await catchUp();
  t.same((await products.product(7)).product, { ...added, price: 9_007_199_254_740_991, revision: 1 });
  t.equal((await products.product(8)).product, null, 'an unknown product is null');
});

t.test('a product and each product of a list say how many an order can have', async (t) => {
  const { log, catchUp, model } = await servedModel(t, projection, stock);
  const products = productsOf(model);
  const counted = new PlainStock(log);
  category(log, 1);
  for (const id of [7, 8, 9]) product(log, id, [1]);
  counted.count(7, 10);
  counted.reserve(7, 1, 4);
  counted.count(8, 1);
  counted.reserve(8, 1, 3);
  await catchUp();
  t.equal((await products.product(7)).product?.available, 6);
  for (const options of [list, { ...list, catId: 1 }]) {
    const shown = (await products.list(options)).products;
    t.same(
      shown.map(({ product_id, available }) => [product_id, available]),
      [
        [7, 6],
        [8, -2],
        [9, null],
      ],
    );
  }
  t.equal((await products.list({ ...list, sku: 'S8' })).products[0]?.available, -2);
  t.equal((await products.list({ ...list, catId: 1, sku: 'S8' })).products[0]?.available, -2);
  counted.release(8, 1);
  counted.end(8);
  await catchUp();
  t.equal((await products.product(8)).product?.available, null);
});

t.test('a page that comes twice changes nothing', async (t) => {
  const { log, catchUp, projected } = await servedModel(t, projection, stock);
  category(log, 1);
  product(log, 7, [1]);
  await catchUp();
  const rows = await projected.rows();
  await projected.apply(log.events);
  t.same(await projected.rows(), rows);
});

t.test('an event type that it does not know is passed over', async (t) => {
  const { log, catchUp, model } = await servedModel(t, projection, stock);
  const products = productsOf(model);
  log.add('user-1', userEvents.UserErased, {
    user_id: '018f0000-0000-7000-8000-000000000002',
    email_claim: 'x',
    erased_at: at,
  });
  category(log, 1);
  await catchUp();
  t.same((await products.list(list)).products, []);
});

t.test('an event of a product that was never added can not be applied', async (t) => {
  const { log, catchUp } = await servedModel(t, projection, stock);
  retire(log, 7);
  await t.rejects(catchUp(), /product 7 has not been added/);
});

t.test('an abandoned claim moves the revision of a product, and alone makes no product', async (t) => {
  const { log, catchUp, model } = await servedModel(t, projection, stock);
  const products = productsOf(model);
  const abandoned = { claim_stream: 'productSku-S', claim_revision: 0 };
  category(log, 1);
  log.add('product-7', productEvents.ClaimAbandoned, abandoned);
  log.add('user-8', userEvents.ClaimAbandoned, abandoned);
  await catchUp(1);
  t.equal((await products.product(7)).product, null);
  product(log, 7, [1]);
  product(log, 8, [1]);
  log.add('product-7', productEvents.ClaimAbandoned, abandoned);
  log.add('user-8', userEvents.ClaimAbandoned, abandoned);
  await catchUp();
  t.equal((await products.product(7)).product?.revision, 2);
  t.equal((await products.product(8)).product?.revision, 0, 'that of a user is none of its business');
});

t.test('filters by status, SKU, and category with all that is below it', async (t) => {
  const { log, catchUp, model } = await servedModel(t, projection, stock);
  const products = productsOf(model);
  category(log, 1);
  category(log, 2, 1);
  category(log, 3, 2);
  category(log, 4);
  product(log, 1, [3]);
  product(log, 2, [4]);
  product(log, 3, [1, 4]);
  product(log, 4, [3]);
  retire(log, 4);
  await catchUp();
  const ids = async (filter: Partial<Parameters<Products['list']>[0]>): Promise<number[]> =>
    (await products.list({ ...list, ...filter })).products.map((found) => found.product_id);
  t.same(await ids({}), [1, 2, 3]);
  t.same(await ids({ status: 'retired' }), [4]);
  t.same(await ids({ sku: 'S2' }), [2]);
  t.same(await ids({ sku: 's2' }), [], 'a SKU compares exactly');
  t.same(await ids({ catId: 1 }), [1, 3]);
  t.same(await ids({ catId: 2 }), [1]);
  t.same(await ids({ catId: 4 }), [2, 3]);
  t.same(await ids({ catId: 3, status: 'retired' }), [4]);
  t.same(await ids({ catId: 1, sku: 'S1' }), [1]);
  t.same(await ids({ catId: 4, sku: 'S1' }), []);
  t.equal(await codeOfAsync(() => products.list({ ...list, catId: 5 })), 'category-not-found');
  t.equal(await codeOfAsync(() => products.list({ ...list, catId: 5, sku: 'S1' })), 'category-not-found');
});

t.test('a removed category is shown nowhere, also where a product entered it at that moment', async (t) => {
  const { log, catchUp, model } = await servedModel(t, projection, stock);
  const products = productsOf(model);
  category(log, 1);
  category(log, 2, 1);
  category(log, 3);
  product(log, 7, [2, 3]);
  log.add('categoryTree-main', categoryEvents.CategoryRemoved, { cat_id: 2, removed_at: at });
  product(log, 8, [2]);
  await catchUp(1);
  t.same((await products.product(7)).product?.cat_ids, [3]);
  t.same((await products.product(8)).product?.cat_ids, []);
  t.same((await products.list({ ...list, catId: 1 })).products, [], 'nor counted above it');
  t.equal(await codeOfAsync(() => products.list({ ...list, catId: 2 })), 'category-not-found');
  t.same((await products.standsIn(2)).stands, false);
});

t.test('retired products stand in their category too', async (t) => {
  const { log, catchUp, model } = await servedModel(t, projection, stock);
  const products = productsOf(model);
  category(log, 1);
  category(log, 2);
  product(log, 7, [1]);
  retire(log, 7);
  await catchUp();
  t.equal((await products.standsIn(1)).stands, true);
  t.equal((await products.standsIn(2)).stands, false);
});

t.test('rows and lists are those of a plain model, whatever the history and the pages it comes in', async (t) => {
  const served = await servedModel(t, projection, stock);
  const { catchUp, projected, restart } = served;
  const products = productsOf(served.model);
  const pageSizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(operations, pageSizes, fc.integer({ min: 1, max: 4 }), async (history, sizes, limit) => {
      await restart();
      const plain = new PlainCatalog(served.log);
      for (const operation of history) plain.carryOut(operation);
      await catchUp(...sizes);
      const inPages = await projected.rows();

      assert.deepEqual(
        await pagesOf((after: number | null) => products.list({ ...list, after, limit })),
        plain.list('active'),
      );
      assert.deepEqual(
        await pagesOf((after: number | null) => products.list({ status: 'retired', after, limit })),
        plain.list('retired'),
      );
      for (const catId of plain.liveCategories()) {
        const below = await pagesOf((after: number | null) => products.list({ ...list, catId, after, limit }));
        assert.deepEqual(below, plain.list('active', catId), `products below category ${catId}`);
        assert.equal((await products.standsIn(catId)).stands, plain.standsBelow(catId));
      }
      for (const catId of plain.removed) {
        assert.equal(await codeOfAsync(() => products.list({ ...list, catId })), 'category-not-found');
      }

      await restart(served.log);
      await catchUp();
      assert.deepEqual(await projected.rows(), inPages, 'the same rows in one page');
    }),
    { numRuns: 40 },
  );
});
