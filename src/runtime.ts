/** The composition root: opens stores and pools from the configuration, wires them, closes them in reverse. */
import { join } from 'node:path';
import type pg from 'pg';
import { CategoryTree } from '../projections/category-tree/read-model.js';
import { projections } from '../projections/index.js';
import { LookUp } from '../projections/look-up.js';
import { OrderCounts } from '../projections/order-counts/read-model.js';
import { byCategory } from '../projections/products/by-category.js';
import { Products } from '../projections/products/read-model.js';
import { available } from '../projections/stock/available.js';
import { Stock } from '../projections/stock/read-model.js';
import { UserOrders } from '../projections/user-orders/read-model.js';
import { Users } from '../projections/users/read-model.js';
import { listErased } from './backup/erased-list.js';
import { CachedTree } from './category/cached-tree.js';
import { skuClaims } from './product/claims.js';
import { emailClaims } from './user/claims.js';
import { witnessedStreams } from './streams.js';
import { ApiKeys } from './access/api-keys.js';
import type { Config } from './config.js';
import {
  type AnyProjection,
  type Claims,
  type CommandHandler,
  type Engine,
  type EventStore,
  type Freshness,
  openEngine,
  openLog,
  postgres,
  type Progress,
  type Vault,
} from './engine/index.js';
import { PgKeyStore } from './crypto/key-store.js';
import { masterKeyFile } from './crypto/master-key.js';
import { type MasterKeys, openMasterKeys } from './crypto/master-keys.js';
import { loadSecrets, type Secrets } from './crypto/secrets.js';
import { KEY_DESTROYED } from './crypto/user-keys.js';
import { WrongMasterKey } from './crypto/wrapped-key.js';
import { DocumentStore } from './documents/document-store.js';
import { FolderStorage } from './documents/folder-storage.js';
import type { IdProofGate } from './documents/id-proof-gate.js';
import { checkLimits, PdfChecker } from './documents/pdf-checker.js';
import { S3Storage } from './documents/s3-storage.js';
import { AnswerGate } from './http/answer-gate.js';
import { KeyClaims } from './http/idempotency/key-claims.js';
import { dropResponsesOf } from './http/idempotency/key-table.js';
import { PositionTokens } from './http/position-token.js';
import { importInto } from './import-into.js';
import type { ImportResult } from './import/run.js';
import { type DatabaseOptions, openDatabase, unreachable } from './open-database.js';
import type { ImportSettings } from './commands/import.js';
import { unreadableProofs } from './commands/unreadable-proofs.js';
import { ownContext } from './commands/own-context.js';
import { sowOnce } from './commands/sowing.js';
import { placeOrderFacts, type OrderFacts } from './order-facts.js';
import { productStream } from './product/stream.js';
import type { ErasureDeps } from './user/erase.js';
import type { UnfinishedErasures } from './user/resume-erasures.js';
import { openStock, type OpenStock } from './open-stock.js';
import { stockReactor } from './stock/reactor.js';
import { userStream } from './user/stream.js';
import { MAX_ID } from './values.js';

const MEGABYTE = 1024 * 1024;
const quiet: Engine['log'] = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface OpenOptions extends DatabaseOptions {
  /** Another log than the configuration names; closed with everything else. */
  readonly store?: EventStore;
  /** Is told what becomes of as-of builds and of the embedded server; nobody if left out. */
  readonly log?: Engine['log'];
  /** As-of builds are made in a process of their own, so that requests do not wait for this one. */
  readonly asOfProcess?: boolean;
}

/** All read models as they are at one moment, until they are released. */
export interface FrozenModels extends Pick<Awaited<ReturnType<Engine['freeze']>>, 'lost' | 'release'> {
  readonly models: ReadModels;
}

export interface ReadModels {
  readonly tree: CategoryTree;
  readonly counts: OrderCounts;
  readonly orders: UserOrders;
  readonly users: Users;
  readonly products: Products;
  readonly stock: Stock;
}

/** Everything that commands, queries and operations work with. */
export interface Runtime {
  readonly config: Config;
  /** Folder of the embedded cluster, null with a server of one's own. */
  readonly location: string | null;
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly masters: MasterKeys;
  readonly secrets: Secrets;
  readonly engine: Engine;
  /** Of the engine, as `handler`. */
  readonly watch: Engine['watch'];
  readonly handler: CommandHandler;
  readonly tree: CachedTree;
  readonly emailClaims: Claims;
  readonly skuClaims: Claims;
  readonly erasures: ErasureDeps;
  readonly unfinishedErasures: UnfinishedErasures;
  readonly categoryIds: ReturnType<Engine['sequence']>;
  readonly productIds: ReturnType<Engine['sequence']>;
  readonly orderNumbers: ReturnType<Engine['sequence']>;
  readonly gate: IdProofGate;
  /** What is wrong with the users' proofs of identity. */
  unreadableProofs(signal: AbortSignal): AsyncIterable<string>;
  readonly models: ReadModels;
  /** The read models on one snapshot. */
  freeze(kind: 'request' | 'work'): Promise<FrozenModels>;
  readonly answers: AnswerGate;
  readonly apiKeys: ApiKeys;
  readonly openStock: OpenStock;
  readonly orderFacts: OrderFacts;
  readonly tokens: PositionTokens;
  readonly keys: KeyClaims;
  readonly projections: readonly AnyProjection[];
  /** Names of the migrations that opening has applied. */
  readonly applied: readonly string[];
  import(dir: string, settings: ImportSettings): Promise<ImportResult>;
  /** Sows the master data, if there is a seed, and the log is empty or its sowing was interrupted; null if not. */
  sow(progress: Progress, signal: AbortSignal): Promise<ImportResult | null>;
  close(): Promise<void>;
}

/** @throws Error that says which server can't be reached, or what is wrong with the keys */
export async function openRuntime(config: Config, options: OpenOptions = {}): Promise<Runtime> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const masters = openMasterKeys(config);
    const database = await openDatabase(config, options);
    closing.push(() => database.close());
    const { pool, connection, location, applied } = database;
    const secrets = await loadSecrets(pool, masters).catch((error: unknown) => {
      const isOfTheFile = error instanceof WrongMasterKey && config.masterKey === null;
      return orMigrate(isOfTheFile ? new WrongMasterKey(masterKeyFile(config.dataDir)) : error);
    });
    const store = options.store ?? (await openLog(config.eventStoreUrl ?? pool));
    closing.push(() => store.close());
    options.signal?.throwIfAborted();
    const keepAsOf = { keepSeconds: config.snapshotKeepSeconds, maxBytes: config.snapshotMaxMb * MEGABYTE };
    const vault = new PgKeyStore(pool, masters);
    const engine = await openEngine({
      ...{ pool, store, vault, projections, streams: witnessedStreams, keepAsOf, log: options.log ?? quiet },
      reactors: [stockReactor(() => stock.reactorDeps)],
      signer: secrets.signingKey,
      ...(options.asOfProcess && { asOfProcess: asOfProcess(config, location) }),
      ...(options.forRequests && { hearing: { channel: KEY_DESTROYED, heard: (id) => vault.forget(id) } }),
    }).catch(orMigrate);
    closing.push(() => engine.close());
    const { handler } = engine;
    const checker = new PdfChecker({ limits: checkLimits(config.uploadMaxBytes) });
    closing.push(() => checker.close());
    const documents = documentStore(config);
    const answers = new AnswerGate();
    const keys = new KeyClaims(connection, { ...secrets, vault, log: store.kind });
    closing.push(() => keys.close());
    const models = readModels(engine, vault, answers.turn);
    const stock: OpenStock = openStock(engine, pool, (before, limit) => models.stock.pending(before, limit));
    closing.push(() => stock.stocks.close());
    const orderedFrom = engine.changes('user', 'product', 'stock');
    closing.push(() => orderedFrom.close());
    const userClaims = engine.claims(emailClaims, userStream, (user, hash) => user?.email_hash === hash);
    const apiKeys = new ApiKeys(pool);
    const erasures: ErasureDeps = {
      handler,
      emailClaims: userClaims,
      steps: [
        async ({ document_ids }) => {
          for (const id of document_ids) await documents.remove(id);
        },
        ({ user_id }) => dropResponsesOf(pool, user_id),
        ({ user_id }) => apiKeys.revokeOf(user_id),
        ({ user_id, erased_at }) => listErased(config.dataDir, user_id, erased_at),
      ],
      destroyKey: (userId) => vault.destroy(userId),
    };
    const wired = {
      config,
      location,
      pool,
      store,
      masters,
      secrets,
      engine,
      watch: engine.watch,
      handler,
      tree: new CachedTree(handler),
      emailClaims: userClaims,
      skuClaims: engine.claims(skuClaims, productStream, (product, sku) => product?.sku === sku),
      categoryIds: engine.sequence('category', { largest: MAX_ID }),
      productIds: engine.sequence('product', { largest: MAX_ID }),
      orderNumbers: engine.sequence('order', { block: 100 }),
      erasures,
      unfinishedErasures: {
        erased: (freshness: Freshness) => models.users.erased(freshness),
        withKey: (ids: readonly string[]) => vault.undestroyed(ids),
        newContext: () => ownContext('system', ''),
      },
      gate: { store: documents, checker, maxBytes: config.uploadMaxBytes },
      unreadableProofs: (signal: AbortSignal) => unreadableProofs(models.users, documents, signal),
      models,
      freeze: async (kind: 'request' | 'work'): Promise<FrozenModels> => {
        const frozen = await engine.freeze(kind);
        return { models: readModels(frozen, vault), lost: frozen.lost, release: frozen.release };
      },
      answers,
      apiKeys,
      openStock: stock,
      orderFacts: placeOrderFacts(new LookUp(engine), handler, orderedFrom),
      tokens: new PositionTokens(engine.logId),
      keys,
      projections,
      applied,
    };
    const sow = async (progress: Progress, signal: AbortSignal): Promise<ImportResult | null> => {
      const { seed, dataDir } = config;
      if (seed === null) return null;
      return sowOnce({
        dataDir,
        logId: engine.logId,
        isEmpty: () => engine.isEmpty(),
        sow: () => importInto(wired, seed, { dryRun: false, onError: 'stop', progress, signal }),
      });
    };
    return { ...wired, import: (dir, settings) => importInto(wired, dir, settings), sow, close };
  } catch (error) {
    await close();
    throw unreachable(error);
  }
}

export function documentStore({ dataDir, bucket }: Pick<Config, 'dataDir' | 'bucket'>): DocumentStore {
  const folder = join(dataDir, 'documents');
  const drafts = join(folder, 'drafts');
  return new DocumentStore(drafts, bucket ? new S3Storage(bucket, drafts) : new FolderStorage(folder));
}

function asOfProcess(
  { eventStoreUrl }: Config,
  location: string | null,
): NonNullable<Parameters<typeof openEngine>[0]['asOfProcess']> {
  return { script: join(import.meta.dirname, 'as-of-builder.js'), eventStoreUrl, embedded: location !== null };
}

function orMigrate(error: unknown): never {
  throw postgres.isUndefinedTable(error)
    ? new Error("the database's schema is not that of this version: run orderlog migrate", { cause: error })
    : error;
}

function readModels(engine: Pick<Engine, 'readModel'>, vault: Vault, turn?: AnswerGate['turn']): ReadModels {
  return {
    tree: new CategoryTree(engine.readModel('category-tree')),
    counts: new OrderCounts(engine.readModel('order-counts')),
    orders: new UserOrders(engine.readModel('user-orders'), vault, engine.readModel('user-orders', 'products'), turn),
    users: new Users(engine.readModel('users'), vault),
    products: new Products(engine.readModel('products'), engine.readModel('products', 'stock'), available),
    stock: new Stock(
      {
        alone: engine.readModel('stock'),
        besideProducts: engine.readModel('stock', 'products'),
        besideOrders: engine.readModel('stock', 'user-orders'),
      },
      byCategory,
    ),
  };
}
