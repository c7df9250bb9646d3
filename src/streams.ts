/** Every stream category of the shop, with the event types that this release knows in it. `log-main` is the engine's own. */
import { categoryEvents } from './category/events.js';
import { isDocumentId } from './documents/document-storage.js';
import type { Engine, EventTypes } from './engine/index.js';
import { orderEvents } from './order/events.js';
import { skuClaims } from './product/claims.js';
import { productEvents } from './product/events.js';
import { stockEvents } from './stock/events.js';
import { emailClaims } from './user/claims.js';
import { userEvents } from './user/events.js';

type WitnessedStreams = Engine['streams'];

export const streams = {
  categoryTree: categoryEvents,
  product: productEvents,
  productSku: skuClaims.types,
  user: userEvents,
  userEmail: emailClaims.types,
  order: orderEvents,
  stock: stockEvents,
} as const satisfies Readonly<Record<string, EventTypes>>;

/** What the names of all streams of this log begin with. On a server that others use too, other streams are theirs. */
export const streamPrefixes: readonly string[] = [...Object.keys(streams), 'log'].map((category) => `${category}-`);

/** What verification has to know of them. */
export const witnessedStreams: WitnessedStreams = {
  known: streams,
  claims: [emailClaims, skuClaims],
  // Others may have written data that are no object, and ids that are none.
  references: (data: unknown) => {
    const { id_proof } = (data ?? {}) as { readonly id_proof?: { readonly document_id?: unknown } | null };
    const id = id_proof?.document_id;
    return typeof id === 'string' && isDocumentId(id) ? [id] : [];
  },
};
