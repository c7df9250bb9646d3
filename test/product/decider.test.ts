import t from 'tap';
import { productDecider } from '../../src/product/decider.js';
import type { AddProduct, ChangeProduct } from '../../src/product/commands.js';
import type { ProductFact } from '../../src/product/events.js';
import { given } from '../support/given-when-then.js';

const at = '2026-01-02T00:00:00.000Z';
const facts = { product_id: 5, sku: 'PEN', name: 'Pen', price: 150, currency: 'EUR' };
const added: ProductFact = { type: 'ProductAdded', data: { ...facts, cat_ids: [1, 2], added_at: at } };
const retired: ProductFact = { type: 'ProductRetired', data: { product_id: 5, retired_at: at } };
const add: AddProduct = { type: 'AddProduct', ...facts, cat_ids: [1, 2, 1], unknownCategories: [], at };
const changing = (change: Partial<ChangeProduct>): ChangeProduct => ({
  type: 'ChangeProduct',
  unknownCategories: [],
  at,
  ...change,
});

t.test('adds a product, each of its categories once', async (t) => {
  given(t, productDecider, []).when(add).then([added], 'product-exists');
});

t.test('refuses unknown categories and says which', async (t) => {
  const unknownCategories = [{ path: 'cat_ids[1]', message: 'unknown category' }];
  given(t, productDecider, [])
    .when({ ...add, unknownCategories })
    .refused('unknown-category');
  given(t, productDecider, [added])
    .when(changing({ cat_ids: [9], unknownCategories }))
    .refused('unknown-category');
});

t.test('records one event for each thing that really changed', async (t) => {
  given(t, productDecider, [added])
    .when(changing({ name: 'Quill', price: 150, cat_ids: [3] }))
    .then([
      { type: 'ProductRenamed', data: { product_id: 5, name: 'Quill', renamed_at: at } },
      { type: 'ProductCategorised', data: { product_id: 5, cat_ids: [3], categorised_at: at } },
    ]);
  given(t, productDecider, [added]).when(changing({ price: 0 })).then([
    { type: 'ProductPriced', data: { product_id: 5, price: 0, priced_at: at } },
  ]); // prettier-ignore
});

t.test('the same categories in another order are no change', async (t) => {
  given(t, productDecider, [added])
    .when(changing({ cat_ids: [2, 1] }))
    .then([]);
});

t.test('one category more, fewer or another is a change', async (t) => {
  for (const cat_ids of [[1, 2, 3], [1], [1, 3]]) {
    given(t, productDecider, [added])
      .when(changing({ cat_ids }))
      .then([{ type: 'ProductCategorised', data: { product_id: 5, cat_ids, categorised_at: at } }]);
  }
});

t.test('changes a retired product too', async (t) => {
  given(t, productDecider, [added, retired])
    .when(changing({ name: 'Quill' }))
    .then([{ type: 'ProductRenamed', data: { product_id: 5, name: 'Quill', renamed_at: at } }]);
});

t.test('retires and reinstates, each once', async (t) => {
  given(t, productDecider, [added]).when({ type: 'RetireProduct', at }).then([retired]);
  given(t, productDecider, [added, retired])
    .when({ type: 'ReinstateProduct', at })
    .then([{ type: 'ProductReinstated', data: { product_id: 5, reinstated_at: at } }]);
});

t.test('a stream that holds nothing but abandoned claims is no product', async (t) => {
  const abandoned: ProductFact = {
    type: 'ClaimAbandoned',
    data: { claim_stream: 'productSku-PEN', claim_revision: 0 },
  };
  given(t, productDecider, [abandoned]).when({ type: 'RetireProduct', at }).refused('product-not-found');
  given(t, productDecider, [abandoned])
    .when(changing({ name: 'x' }))
    .refused('product-not-found');
  given(t, productDecider, [abandoned]).when(add).then([added], 'product-exists');
});
