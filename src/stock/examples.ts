import { type Examples, sampleEvent } from '../http/openapi/example.js';

const params = { product_id: 2 };

function stock(on_hand: number, revision: number): object {
  return { data: { product_id: 2, on_hand, reserved: 0, available: on_hand, revision } };
}

export const stockExamples: Examples = {
  countStock: { params, body: { on_hand: 40, reason: 'First count' }, answer: stock(40, 0) },
  receiveStock: { params, body: { quantity: 10, reference: 'DN-77' }, answer: stock(50, 1) },
  adjustStock: { params, body: { quantity: -2, reason: 'Damaged' }, answer: stock(48, 2) },
  getProductStock: { params, answer: stock(48, 2) },
  listStock: {
    params: { available_below: 100 },
    answer: { data: [{ product_id: 2, on_hand: 48, reserved: 0, available: 48, revision: 2 }], next: null },
  },
  listStockEvents: {
    params,
    answer: {
      data: [
        sampleEvent('StockCounted', { on_hand: 40, reason: 'First count' }, 0),
        sampleEvent('StockReceived', { quantity: 10, reference: 'DN-77' }, 1),
        sampleEvent('StockAdjusted', { quantity: -2, reason: 'Damaged' }, 2),
      ],
      next: null,
    },
  },
  endStockTracking: { params },
};
