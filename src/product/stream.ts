import { type StreamBinding, streamName } from '../engine/index.js';
import type { ProductCommand } from './commands.js';
import { productDecider, type ProductState } from './decider.js';
import { productEvents, type ProductFact } from './events.js';

export const productStream: StreamBinding<ProductState, ProductCommand, ProductFact> = {
  name: (id) => streamName('product', id),
  types: productEvents,
  decider: productDecider,
};
