import { categoryEvents } from '../../category/events.js';
import { emailClaimEvents, skuClaimEvents } from '../claims/events.js';
import type { EventTypes } from '../core/event-type.js';
import type { StreamCategory } from '../core/stream.js';
import { categoryOf } from '../projecting/reads.js';
import { orderEvents } from '../../order/events.js';
import { productEvents } from '../../product/events.js';
import { userEvents } from '../../user/events.js';

/** What this release knows of its own streams; nothing depends on what `log-main` holds behind its first event. */
const known = {
  categoryTree: categoryEvents,
  product: productEvents,
  productSku: skuClaimEvents,
  user: userEvents,
  userEmail: emailClaimEvents,
  order: orderEvents,
} satisfies Readonly<Record<Exclude<StreamCategory, 'log'>, EventTypes>>;

const byCategory = new Map<string, ReadonlySet<string>>(
  Object.entries(known).map(([category, types]) => [category, new Set(Object.keys(types))]),
);

/** An event of a type that this release does not know, in a stream of ours. */
export function isUnknown({ stream, type }: { readonly stream: string; readonly type: string }): boolean {
  return byCategory.get(categoryOf(stream))?.has(type) === false;
}
