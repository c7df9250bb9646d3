import type { Engine } from '../../src/engine/index.js';
import { stock } from './projection.js';

/** Of these products the ids of those that are tracked. */
export const tracked: Parameters<Engine['jointQuery']>[1][number] = {
  model: stock,
  text: `
    select coalesce(json_agg(s.product_id), '[]')
    from {schema}.stock s where s.product_id = any($1::integer[])`,
};
