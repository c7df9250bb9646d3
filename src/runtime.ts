/** The composition root: opens stores and pools from the configuration, wires them, closes them in reverse. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { CategoryTree } from '../projections/category-tree/read-model.js';
import { projections } from '../projections/index.js';
import { LookUp } from '../projections/look-up.js';
import { OrderCounts } from '../projections/order-counts/read-model.js';
import { Products } from '../projections/products/read-model.js';
import { UserOrders } from '../projections/user-orders/read-model.js';
import { Users } from '../projections/users/read-model.js';
import { CachedTree } from './category/cached-tree.js';
import { ClaimProtocol } from './engine/claims/acquire.js';
import { skuClaims } from './product/claims.js';
import { emailClaims } from './user/claims.js';
import { streams, witnessedStreams } from './streams.js';
import type { WitnessedStreams } from './engine/verifying/log-witness.js';
import type { Config } from './config.js';
import { claimOwners, type Claims } from './engine/claims/claims.js';
import { CommandHandler } from './engine/core/command-handler.js';
import { type EventStore, START } from './engine/core/event-store.js';
import type { IdSequence } from './engine/core/id-sequence.js';
import type { LogTimes } from './engine/core/log-times.js';
import { comparableEmail, deriveUuid, emailHash, fingerprint } from './crypto/derive.js';
import { PgKeyStore } from './crypto/key-store.js';
import { loadOrCreateMasterKey, masterKeyFile } from './crypto/master-key.js';
import { loadSecrets, type Secrets } from './crypto/secrets.js';
import { WrongMasterKey } from './crypto/wrapped-key.js';
import { DocumentStore } from './documents/document-store.js';
import { faultOfIdProof, type IdProofGate, storeIdProof } from './documents/id-proof-gate.js';
import { PdfChecker } from './documents/pdf-checker.js';
import { bindToLog } from './engine/log/log-identity.js';
import { logTimes } from './engine/log/log-times.js';
import { AnswerGate } from './http/answer-gate.js';
import { PositionTokens } from './http/position-token.js';
import { idSequence } from './engine/postgres/id-sequence.js';
import { isUndefinedTable } from './engine/postgres/errors.js';
import type { Connection } from './engine/postgres/session.js';
import { CheckpointWatch } from './engine/projecting/watch.js';
import type { ProjectorLog } from './engine/projecting/projector-log.js';
import { ReadModel } from './engine/projecting/read-model.js';
import type { AnyProjection } from './engine/projecting/projection.js';
import { SnapshotProcess } from './engine/builds/as-of-process.js';
import { AsOfBuilds } from './engine/builds/as-of-builds.js';
import { commandSink } from './import/command-sink.js';
import { importFolder, type ImportResult } from './import/run.js';
import { readStoredState } from './import/stored-state.js';
import { nothingStored } from './import/stored.js';
import { type Database, type DatabaseOptions, openDatabase, unreachable } from './open-database.js';
import { openLog } from './open-log.js';
import { unreadableProofs } from './commands/unreadable-proofs.js';
import { sowOnce } from './commands/sowing.js';
import type { Progress } from './engine/core/progress.js';
import { placeOrderFacts, type OrderFacts } from './order-facts.js';
import { productStream } from './product/stream.js';
import { userStream } from './user/stream.js';

const MEGABYTE = 1024 * 1024;
const quiet: ProjectorLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface OpenOptions extends DatabaseOptions {
  /** Another log than the configuration names; closed with everything else. */
  readonly store?: EventStore;
  /** Is told what becomes of snapshots and of the embedded server; nobody if left out. */
  readonly log?: ProjectorLog;
  /** As-of builds are made in a process of their own, so that requests do not wait for this one. */
  readonly asOfProcess?: boolean;
}

export interface ImportSettings {
  readonly dryRun: boolean;
  readonly onError: 'stop' | 'report';
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface ReadModels {
  readonly tree: CategoryTree;
  readonly counts: OrderCounts;
  readonly orders: UserOrders;
  readonly users: Users;
  readonly products: Products;
}

/** Everything that commands, queries and operations work with. */
export interface Runtime {
  readonly config: Config;
  readonly connection: Connection;
  /** Folder of the embedded cluster, null with a server of one's own. */
  readonly location: string | null;
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly masterKey: Uint8Array;
  readonly secrets: Secrets;
  readonly handler: CommandHandler;
  readonly tree: CachedTree;
  readonly emailClaims: Claims;
  readonly skuClaims: Claims;
  readonly categoryIds: IdSequence;
  readonly productIds: IdSequence;
  readonly gate: IdProofGate;
  /** What is wrong with the users' proofs of identity. */
  unreadableProofs(signal: AbortSignal): AsyncIterable<string>;
  readonly watch: CheckpointWatch;
  readonly times: LogTimes;
  readonly snapshots: AsOfBuilds;
  readonly models: ReadModels;
  readonly answers: AnswerGate;
  readonly orderFacts: OrderFacts;
  readonly tokens: PositionTokens;
  readonly projections: readonly AnyProjection[];
  readonly streams: WitnessedStreams;
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
    const masterKey = config.masterKey ?? loadOrCreateMasterKey(config.dataDir);
    const database = await openDatabase(config, options);
    closing.push(() => database.close());
    const { pool, connection, location, applied } = database;
    const secrets = await loadSecrets(pool, masterKey).catch((error: unknown) => {
      const isOfTheFile = error instanceof WrongMasterKey && config.masterKey === null;
      return orMigrate(isOfTheFile ? new WrongMasterKey(masterKeyFile(config.dataDir)) : error);
    });
    const store = options.store ?? (await openLog(config, pool, connection));
    closing.push(() => store.close());
    options.signal?.throwIfAborted();
    const logId = await bindToLog(pool, store).catch(orMigrate);
    const handler = new CommandHandler(store, new PgKeyStore(pool, masterKey));
    const checker = new PdfChecker();
    closing.push(() => checker.close());
    const watch = new CheckpointWatch(pool);
    closing.push(() => watch.close());
    const documents = documentStore(config);
    const times = logTimes(pool, store);
    closing.push(() => times.close());
    const keep = { keepSeconds: config.snapshotKeepSeconds, maxBytes: config.snapshotMaxMb * MEGABYTE };
    const builder = options.asOfProcess ? asOfProcess(config, database) : undefined;
    if (builder) closing.push(() => builder.close());
    const sources = { pool, store, projections, keep, log: options.log ?? quiet };
    const snapshots = new AsOfBuilds({ ...sources, ...(builder && { process: builder }) });
    closing.push(() => snapshots.close());
    const answers = new AnswerGate();
    const models = readModels({ pool, watch, snapshots, answers }, handler);
    const wired = {
      config,
      connection,
      location,
      pool,
      store,
      masterKey,
      secrets,
      handler,
      tree: new CachedTree(handler),
      emailClaims: new ClaimProtocol(
        emailClaims,
        handler,
        claimOwners(handler, userStream, (user, hash) => user?.email_hash === hash),
      ),
      skuClaims: new ClaimProtocol(
        skuClaims,
        handler,
        claimOwners(handler, productStream, (product, sku) => product?.sku === sku),
      ),
      categoryIds: idSequence(pool, 'category'),
      productIds: idSequence(pool, 'product'),
      gate: { store: documents, checker, maxBytes: config.uploadMaxBytes },
      unreadableProofs: (signal: AbortSignal) => unreadableProofs(models.users, documents, signal),
      watch,
      times,
      snapshots,
      models,
      answers,
      orderFacts: placeOrderFacts(new LookUp(pool, watch), handler),
      tokens: new PositionTokens(logId),
      projections,
      streams: witnessedStreams,
      applied,
    };
    const importInto = (dir: string, settings: ImportSettings): Promise<ImportResult> =>
      importDir(wired, dir, settings);
    const sow = async (progress: Progress, signal: AbortSignal): Promise<ImportResult | null> => {
      const { seed, dataDir } = config;
      if (seed === null) return null;
      return sowOnce({
        dataDir,
        logId,
        isEmpty: () => isEmpty(store),
        sow: () => importInto(seed, { dryRun: false, onError: 'stop', progress, signal }),
      });
    };
    return { ...wired, import: importInto, sow, close };
  } catch (error) {
    await close();
    throw unreachable(error);
  }
}

export function documentStore({ dataDir }: Pick<Config, 'dataDir'>): DocumentStore {
  return new DocumentStore(join(dataDir, 'documents'));
}

function asOfProcess({ eventStoreUrl }: Config, { connection, location }: Database): SnapshotProcess {
  const script = join(import.meta.dirname, 'snapshot-builder.js');
  return new SnapshotProcess(script, { connection, eventStoreUrl, embedded: location !== null });
}

function orMigrate(error: unknown): never {
  throw isUndefinedTable(error)
    ? new Error("the database's schema is not that of this version: run orderlog migrate", { cause: error })
    : error;
}

function readModels(
  { pool, watch, snapshots, answers }: Pick<Runtime, 'pool' | 'watch' | 'snapshots' | 'answers'>,
  { vault }: CommandHandler,
): ReadModels {
  const model = (name: string): ReadModel => {
    const projection = projections.find((one) => one.name === name);
    if (!projection) throw new Error(`there is no projection ${name}`);
    return new ReadModel(pool, projection, watch, snapshots);
  };
  return {
    tree: new CategoryTree(model('category-tree')),
    counts: new OrderCounts(model('order-counts')),
    orders: new UserOrders(model('user-orders'), vault, answers.turn),
    users: new Users(model('users'), vault),
    products: new Products(model('products')),
  };
}

/** A log that holds only its own opening. */
async function isEmpty(store: EventStore): Promise<boolean> {
  const streamPrefixes = Object.keys(streams).map((category) => `${category}-`);
  const [ours] = await store.distances([{ position: START, filter: { streamPrefixes } }], 1);
  return ours?.events === 0;
}

type Wired = Omit<Runtime, 'import' | 'sow' | 'close'>;

async function importDir(runtime: Wired, dir: string, settings: ImportSettings): Promise<ImportResult> {
  const { handler, tree, secrets, gate, store } = runtime;
  const { hashKey } = secrets;
  const derive = (purpose: string, ...parts: string[]): string => deriveUuid(hashKey, purpose, ...parts);
  const stored = (await isEmpty(store)) ? nothingStored : await readStoredState(handler);
  const sink = commandSink({
    handler,
    tree,
    emailClaims: runtime.emailClaims,
    products: { skuClaims: runtime.skuClaims, ids: runtime.productIds },
    categoryIds: runtime.categoryIds,
    emailHash: (email) => emailHash(hashKey, email),
    deriveUuid: derive,
    fingerprint: (type, content) => fingerprint(hashKey, type, content),
    storeIdProof: async (path, uploaded_at) => ({ ...(await storeIdProof(gate, createReadStream(path))), uploaded_at }),
    fileTimes: {
      categories: fileTime(dir, 'categories.csv'),
      products: fileTime(dir, 'products.csv'),
      users: fileTime(dir, 'users.csv'),
    },
  });
  return importFolder(dir, stored, sink, {
    ...settings,
    deriveId: (kind, ref) => derive(`import-${kind}`, ref),
    comparableEmail,
    judgeIdProof: (path) => faultOfIdProof(gate, createReadStream(path)),
  });
}

/** When a file of the import was written, or its compressed form; the time now if there is neither. */
function fileTime(dir: string, name: string): string {
  const file = [join(dir, name), join(dir, `${name}.gz`)].find((path) => existsSync(path));
  return (file ? statSync(file).mtime : new Date()).toISOString();
}
