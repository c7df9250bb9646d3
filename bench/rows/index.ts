import type { Row } from '../row.js';
import { cancel, markPaid } from './changing.js';
import { hotProduct } from './hot-product.js';
import { placing } from './placing.js';

/** In the order of the table. */
export const rows: readonly Row[] = [placing, markPaid, cancel, hotProduct];
