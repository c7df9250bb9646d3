/** All routes of the interface, wired to what answers them. */
import { categoryQueries } from '../projections/category-tree/routes.js';
import { orderCountQueries } from '../projections/order-counts/routes.js';
import { productQueries } from '../projections/products/routes.js';
import { stockQueries } from '../projections/stock/routes.js';
import { perHourQuery } from '../projections/user-orders/per-hour.js';
import { orderQueries } from '../projections/user-orders/routes.js';
import { userQueries } from '../projections/users/routes.js';
import { ApiKeyCheck } from './access/api-key-check.js';
import { accessTable } from './access/access-table.js';
import { authenticator } from './access/credentials.js';
import type { Access } from './access/guard-routes.js';
import { tokenCheck } from './access/tokens.js';
import { categoryExamples } from './category/examples.js';
import { categoryFromStream } from './category/from-stream.js';
import { categoryRoutes } from './category/routes.js';
import { categoryStream, TREE_ID } from './category/stream.js';
import type { Freshness, Position } from './engine/index.js';
import { emailHash, orderIdFor, referenceHash } from './crypto/derive.js';
import { storeIdProof } from './documents/id-proof-gate.js';
import { countAnswers } from './http/answer-gate.js';
import type { App } from './http/app-type.js';
import { AsOf } from './http/as-of.js';
import { freshnessOf } from './http/freshness.js';
import { answerOnce } from './http/idempotency/answer-once.js';
import { Cursors } from './http/list.js';
import { idText } from './http/schemas.js';
import { EventStreams } from './http/event-stream.js';
import { Turns } from './http/turns.js';
import { type FrozenModel, WholeLists } from './http/whole-list.js';
import { streamEventRoute } from './http/stream-events.js';
import { opsExamples } from './ops/examples.js';
import type { Jobs } from './ops/jobs/jobs.js';
import { opsRoutes } from './ops/routes.js';
import { answerOrder } from './order/answer.js';
import { orderExamples } from './order/examples.js';
import { orderRoutes } from './order/routes.js';
import { orderStream } from './order/stream.js';
import { productExamples } from './product/examples.js';
import { productRoutes } from './product/routes.js';
import { productStream } from './product/stream.js';
import type { ReadModels, Runtime } from './runtime.js';
import { stockExamples } from './stock/examples.js';
import { stockFromStream } from './stock/from-stream.js';
import { stockRoutes } from './stock/routes.js';
import { stockStream } from './stock/stream.js';
import { answerUser } from './user/answer.js';
import type { UserState } from './user/decider.js';
import { userExamples } from './user/examples.js';
import { userRoutes } from './user/routes.js';
import { userStream } from './user/stream.js';
import { streamPrefixes, streams } from './streams.js';

/** Pieces of uploads that are written at once, and uploads that are checked or recorded at once, by cores: other requests wait for neither. */
const PIECES_OF_CORES = 1;
const UPLOADS_OF_CORES = 1 / 2;

/** Who may do what, as the configuration says. */
export function accessTo({ config, apiKeys, secrets, handler }: Runtime): Access {
  const { auth, jwt, corsOrigins, trustProxy, rateLimits } = config.access;
  const control = {
    authenticate: authenticator(new ApiKeyCheck(apiKeys), jwt && tokenCheck(jwt, secrets.hashKey)),
    ownerOfOrder: async (orderId: string) => (await handler.load(orderStream, orderId)).state?.user_id ?? null,
    rateLimits,
  };
  return { table: accessTable, control: auth === 'none' ? null : control, corsOrigins, trustProxy };
}

export interface RoutesDeps {
  readonly jobs: Jobs;
  /** Aborted when the process is to end: answers that would stay open end then. */
  readonly ending: AbortSignal;
}

export async function addRoutes(app: App, runtime: Runtime, { jobs, ending }: RoutesDeps): Promise<void> {
  const { handler, tokens, models, gate } = runtime;
  const { hashKey } = runtime.secrets;
  const cursors = new Cursors(hashKey);
  const past = new AsOf(runtime);
  const whole = new WholeLists(tokens);
  const frozen = frozenFrom(runtime);
  // A sender learns of a log position that can't be read, even where nothing waits for it.
  app.addHook('preValidation', async (request) => {
    const { kind } = request.routeOptions.config;
    if (kind === 'command' || kind === 'query') freshnessOf(request.headers, tokens);
  });
  countAnswers(app, runtime.answers);
  const examples = [orderExamples, userExamples, productExamples, categoryExamples, stockExamples, opsExamples];
  Object.assign(app.examples, ...examples);
  const claimKey = answerOnce(app, runtime.keys, hashKey);
  commands(app, runtime);
  const uploads = Turns.ofCores(UPLOADS_OF_CORES);
  await userRoutes(app, {
    handler,
    hashKey,
    tokens,
    claimKey,
    emailClaims: runtime.emailClaims,
    addressOf: (email) => ({ email, email_hash: emailHash(hashKey, email) }),
    proofs: {
      maxBytes: gate.maxBytes,
      store: (source) => storeIdProof({ ...gate, inTurn: uploads.run }, source),
      documents: gate.store,
      pieces: Turns.ofCores(PIECES_OF_CORES),
      inTurn: uploads.run,
    },
    erasures: runtime.erasures,
  });

  const addedAt = async (catId: number): Promise<Position | null> =>
    (await categoryFromStream(runtime, catId))?.position ?? null;
  categoryQueries(app, { tree: models.tree, tokens, past, fromStream: (catId) => categoryFromStream(runtime, catId) });
  orderCountQueries(app, {
    counts: models.counts,
    tokens,
    past,
    addedAt,
  });
  orderQueries(app, {
    orders: models.orders,
    whole,
    freeze: frozen('orders'),
    tokens,
    cursors,
    past,
    referenceHash: (reference) => referenceHash(hashKey, reference),
    fromStream: async (orderId, at) => {
      const loaded = at === undefined ? handler.load(orderStream, orderId) : handler.loadAt(orderStream, orderId, at);
      const { state, revision, position } = await loaded;
      return state && { position: at ?? position, order: answerOrder(state, revision) };
    },
    userExists: async (userId, at) => {
      const loaded = at === undefined ? handler.load(userStream, userId) : handler.loadAt(userStream, userId, at);
      return (await loaded).state !== null;
    },
    productExists: (productId, at) => productExists(runtime, productId, at),
    addedAt,
  });
  perHourQuery(app, { model: models.orders.model, tokens });
  userQueries(app, {
    users: models.users,
    whole,
    freeze: frozen('users'),
    tokens,
    cursors,
    emailHash: (email) => emailHash(hashKey, email),
    fromStream: async (userId) => {
      const { state, revision, position } = await handler.load(userStream, userId);
      return state && { position, user: answerUser(state, revision), idProof: proofKey(state) };
    },
    openDocument: ({ document_id, key }) => gate.store.read(document_id, key),
  });
  productQueries(app, {
    products: models.products,
    whole,
    freeze: frozen('products'),
    ...{ tokens, cursors, addedAt },
    fromStream: async (productId) => {
      const { state, revision, position } = await handler.load(productStream, String(productId));
      if (!state) return null;
      const stock = await stockFromStream(runtime.openStock.stocks, productId);
      const available = stock?.stock.available ?? null;
      // Read in this order, the product was the same when its stock came to be what it is.
      const both = stock && stock.position > position ? stock.position : position;
      return { position: both, product: { ...state, cat_ids: [...state.cat_ids], available, revision } };
    },
  });
  stockQueries(app, {
    stock: models.stock,
    ...{ tokens, cursors, past, addedAt },
    fromStream: (productId) => stockFromStream(runtime.openStock.stocks, productId),
    productExists: (productId, at) => productExists(runtime, productId, at),
  });

  const audited = { handler, tokens, cursors };
  streamEventRoute(
    app,
    { things: 'orders', thing: 'Order', ...orderStream, notFound: 'order-not-found', notYet: ['OrderAbandoned'] },
    audited,
  );
  const users = {
    things: 'users',
    thing: 'User',
    ...userStream,
    notFound: 'user-not-found',
    notYet: ['ClaimAbandoned'],
  } as const;
  streamEventRoute(app, users, audited);
  const products = { things: 'products', thing: 'Product', id: idText, ...productStream, notYet: ['ClaimAbandoned'] };
  streamEventRoute(app, { ...products, notFound: 'product-not-found' }, audited);
  const tree = { things: 'categories', thing: 'Category', id: null, types: categoryStream.types, notYet: [] } as const;
  streamEventRoute(app, { ...tree, name: () => categoryStream.name(TREE_ID), notFound: null }, audited);
  const stock = { things: 'products', thing: 'Stock', part: 'stock', id: idText, ...stockStream, notYet: [] } as const;
  const isKnown = (productId: string): Promise<boolean> => productExists(runtime, Number(productId));
  const unknown = { code: 'product-not-found', isKnown } as const;
  streamEventRoute(app, { ...stock, notFound: 'stock-not-tracked', unknown }, audited);
  opsRoutes(app, {
    ...runtime,
    streams,
    streamPrefixes,
    eventStreams: new EventStreams(ending),
    jobs,
    hashKey,
    cursors,
  });
}

/** One of the read models on a snapshot of its own. */
function frozenFrom(runtime: Runtime) {
  return <Name extends keyof ReadModels>(name: Name) =>
    async (): Promise<FrozenModel<ReadModels[Name]>> => {
      const { models, lost, release } = await runtime.freeze('request');
      return { model: models[name], lost, release };
    };
}

function commands(app: App, runtime: Runtime): void {
  const { handler, tokens, tree, models } = runtime;
  const { hashKey } = runtime.secrets;
  categoryRoutes(app, {
    tree,
    hashKey,
    tokens,
    ids: runtime.categoryIds,
    holdsProducts: async (catId, waitMs) => {
      const freshness: Freshness = { min: await runtime.store.head(), waitMs, lenient: false };
      return (await models.products.standsIn(catId, freshness)).stands;
    },
    totalProducts: async (catId, freshness) =>
      (await models.tree.category(catId, freshness)).category?.total_products ?? 0,
  });
  productRoutes(app, {
    handler,
    hashKey,
    tokens,
    skuClaims: runtime.skuClaims,
    ids: runtime.productIds,
    unknownCategories: async (catIds) => {
      const { state } = await tree.current();
      return new Set(catIds.filter((catId) => !state.categories.has(catId)));
    },
    available: async (productId) =>
      (await stockFromStream(runtime.openStock.stocks, productId))?.stock.available ?? null,
  });
  stockRoutes(app, {
    ...runtime.openStock,
    hashKey,
    tokens,
    productExists: (productId) => productExists(runtime, productId),
  });
  orderRoutes(app, {
    stock: runtime.openStock.orderStock,
    ...{ handler, hashKey, tokens, facts: runtime.orderFacts, numbers: runtime.orderNumbers },
    references: {
      orderIdFor: (userId, reference, attempt) => orderIdFor(hashKey, userId, reference, attempt),
      hashOf: (reference) => referenceHash(hashKey, reference),
    },
  });
}

async function productExists({ handler }: Runtime, productId: number, at?: Position): Promise<boolean> {
  const id = String(productId);
  const loaded = at === undefined ? handler.load(productStream, id) : handler.loadAt(productStream, id, at);
  return (await loaded).state !== null;
}

function proofKey(user: NonNullable<UserState>): { document_id: string; key: string } | null {
  const { id_proof } = user;
  return id_proof?.key ? { document_id: id_proof.document_id, key: id_proof.key } : null;
}
