import type { Row } from '../row.js';
import { appending } from './appending.js';
import { cancel, markPaid } from './changing.js';
import { counting } from './counting.js';
import { emmett } from './emmett.js';
import { hotProduct } from './hot-product.js';
import { importing } from './importing.js';
import { lag } from './lag.js';
import { memory } from './memory.js';
import { ownWrite } from './own-write.js';
import { placing } from './placing.js';
import { rebuilding } from './rebuilding.js';
import { starting } from './starting.js';
import { tree } from './tree.js';

/** In the order of the table. */
export const rows: readonly Row[] = [
  ...[placing, emmett, appending, markPaid, cancel, hotProduct],
  ...[lag, ownWrite, counting, tree, rebuilding, importing, memory, starting],
];
