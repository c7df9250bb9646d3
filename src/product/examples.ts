import { type Examples, SAMPLE, sampleEvent } from '../http/openapi/example.js';

const printer = {
  product_id: 6,
  sku: 'PRINTER-LASER-A4',
  name: 'A4 laser printer',
  price: 14_900,
  currency: 'USD',
  cat_ids: [8, 9],
  available: 2_400,
  status: 'active',
  revision: 0,
};
const hat = { sku: 'HAT-STRAW-M', name: 'Straw hat, M', price: 2_500, currency: 'USD', cat_ids: [1] };
const added = { ...printer, ...hat, product_id: 7, available: null };
const params = { product_id: 7 };

export const productExamples: Examples = {
  listProducts: { params: { cat_id: 7 }, answer: { data: [printer], next: null } },
  getProduct: { params: { product_id: 6 }, answer: { data: printer } },
  addProduct: { body: hat, answer: { data: added } },
  listProductEvents: {
    params,
    answer: {
      data: [sampleEvent('ProductAdded', { product_id: 7, ...hat, added_at: SAMPLE.at }, 0)],
      next: null,
    },
  },
  changeProduct: { params, body: { price: 2_200 }, answer: { data: { ...added, price: 2_200, revision: 1 } } },
  retireProduct: { params, answer: { data: { ...added, price: 2_200, status: 'retired', revision: 2 } } },
  reinstateProduct: { params, answer: { data: { ...added, price: 2_200, revision: 3 } } },
};
