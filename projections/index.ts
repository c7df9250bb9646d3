/** The registry: one line a read model. */
import type { AnyProjection } from '../src/engine/index.js';
import { categoryTree } from './category-tree/projection.js';
import { orderCounts } from './order-counts/projection.js';
import { products } from './products/projection.js';
import { stock } from './stock/projection.js';
import { userOrders } from './user-orders/projection.js';
import { users } from './users/projection.js';

export const projections: readonly AnyProjection[] = [categoryTree, orderCounts, userOrders, users, products, stock];
