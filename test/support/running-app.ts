/** The whole application on a database of the test's own, listening on a free port of the loopback address. */
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Projectors } from '../../src/engine/projecting/projector.js';
import { buildApp } from '../../src/app.js';
import type { AccessConfig } from '../../src/access/config.js';
import type { CategoryAnswer } from '../../src/category/answer.js';
import type { Config } from '../../src/config.js';
import type { Bucket } from '../../src/documents/bucket-url.js';
import type { App } from '../../src/http/app-type.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import { consoleRoutes } from '../../src/http/console.js';
import { Drain } from '../../src/http/drain.js';
import { createMetrics } from '../../src/http/metrics.js';
import type { OrderAnswer } from '../../src/order/answer.js';
import type { ProductAnswer } from '../../src/product/answer.js';
import { noProgress } from '../../src/commands/progress.js';
import { accessTo, addRoutes } from '../../src/routes.js';
import { commandRunner, type RunCommand } from '../../src/ops/jobs/command-runner.js';
import { Jobs } from '../../src/ops/jobs/jobs.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import type { UserAnswer } from '../../src/user/answer.js';
import { testDatabase, type TestDatabase } from './database.js';
import { watchCodes } from './declared-codes.js';
import { Client } from './http-client.js';
import { CLI, settingsFor, until } from './orderlog.js';
import { tinyPdf } from './tiny-pdf.js';

export interface RunningApp extends Shop {
  readonly app: App;
  readonly runtime: Runtime;
  readonly jobs: Jobs;
  readonly drain: Drain;
  readonly database: TestDatabase;
  readonly dataDir: string;
  stopProjectors(): Promise<void>;
  startProjectors(): void;
  /** Ends everything but the database, as at the end of the process. */
  close(): Promise<void>;
}

export interface RunningOptions {
  /** Who may do what; without it there is no access control. */
  readonly access?: AccessConfig;
  readonly uploadMaxBytes?: number;
  /** Documents are there, instead of in the data folder. */
  readonly bucket?: Bucket;
  /** A folder in the import format, sown before the application listens. */
  readonly seed?: string;
  /** Projectors run, unless this is false. */
  readonly projectors?: boolean;
  /** One that an application was closed on, instead of a new one. */
  readonly database?: TestDatabase;
  /** A folder that is there, and stays, instead of a new one. */
  readonly dataDir?: string;
  /** Runs the commands of jobs, instead of a process for each. */
  readonly runCommand?: RunCommand;
  /** A log elsewhere, instead of the one in the database. */
  readonly store?: EventStore;
  /** Folder of the built console; without it there is none. */
  readonly console?: string;
}

/** The configuration without access control. */
export const openAccess: AccessConfig = {
  auth: 'none',
  jwt: null,
  corsOrigins: [],
  trustProxy: false,
  rateLimits: { customer: 1_200, staff: 60_000 },
};

export const demo = join(import.meta.dirname, '../../../seed/demo');

const MEGABYTE = 1024 * 1024;

/** Whom an application belongs to: a test, or a process of its own. */
export type Owner = Pick<Test, 'teardown' | 'fail'>;

export async function runningApp(t: Owner, options: RunningOptions = {}): Promise<RunningApp> {
  const database = options.database ?? (await testDatabase(t));
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'orderlog-http-'));
  const config: Config = {
    databaseUrl: database.connectionString,
    eventStoreUrl: null,
    dataDir,
    seed: options.seed ?? null,
    host: '127.0.0.1',
    port: 0,
    masterKey: Buffer.alloc(32, 7),
    nextMasterKey: null,
    access: options.access ?? openAccess,
    uploadMaxBytes: options.uploadMaxBytes ?? MEGABYTE,
    bucket: options.bucket ?? null,
    keepBuildSeconds: 3_600,
    snapshotKeepSeconds: 3_600,
    snapshotMaxMb: 1_024,
    idempotencyKeepSeconds: 86_400,
    verifyEverySeconds: 0,
    logLevel: 'silent',
    logFormat: 'json',
  };
  const runtime = await openRuntime(config, options.store ? { store: options.store } : {});
  await runtime.sow(noProgress, new AbortController().signal);
  const drain = new Drain();
  const deps = {
    logger: null,
    version: '1.2.3',
    access: accessTo(runtime),
    checks: [],
    metrics: createMetrics(),
    drain,
  };
  const app = await buildApp(deps);
  watchCodes(t, app);
  const run = options.runCommand ?? commandRunner(CLI, { ...process.env, ...settingsFor(database, dataDir) });
  const jobs = new Jobs({ pool: runtime.pool, run, log: runtime.engine.log });
  await addRoutes(app, runtime, { jobs, ending: drain.ending });
  if (options.console !== undefined) await consoleRoutes(app, options.console);
  await app.ready();
  app.server.listen(0, '127.0.0.1');
  await once(app.server, 'listening');
  let worker: Projectors | null = null;
  const startProjectors = (): void => void (worker = runtime.engine.startProjectors());
  const stopProjectors = async (): Promise<void> => {
    await worker?.stop();
    worker = null;
  };
  if (options.projectors !== false) {
    startProjectors();
    // From then on a read model is behind, but there.
    const there = 'select count(*)::int as n from orderlog.checkpoints';
    await until(async () => {
      const { rows } = await database.pool.query<{ n: number }>(there);
      return rows[0]?.n === runtime.projections.length + runtime.engine.reactors.length;
    });
  }
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> =>
    (closed ??= (async () => {
      await drain.close(app);
      await jobs.close();
      await stopProjectors();
      await runtime.close();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    })());
  t.teardown(close);
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const needsKey = config.access.auth === 'required';
  const client = new Client(url, needsKey ? (await runtime.apiKeys.create('admin', null)).key : null);
  const running = { app, runtime, jobs, drain, database, dataDir, stopProjectors, startProjectors, close };
  return Object.assign(new Shop(client), running);
}

/** What tests ask of the application, over HTTP. Each call that must succeed says so itself. */
export class Shop {
  #made = 0;

  constructor(readonly http: Client) {}

  async registerUser(details: { name?: string; email?: string; pdf?: Buffer } = {}): Promise<UserAnswer> {
    const form = userForm(details.name ?? 'Ada', details.email ?? this.freshEmail(), details.pdf);
    return (await this.http.ok('POST', '/v1/users', { form })).data as UserAnswer;
  }

  freshEmail(): string {
    return `user-${++this.#made}@shop.test`;
  }

  async addCategory(category: object = {}): Promise<CategoryAnswer> {
    const json = { name: `Category ${++this.#made}`, ...category };
    return (await this.http.ok('POST', '/v1/categories', { json })).data as CategoryAnswer;
  }

  async addProduct(catIds: readonly number[], product: object = {}): Promise<ProductAnswer> {
    const number = ++this.#made;
    const given = { sku: `SKU-${number}`, name: `Product ${number}`, price: 100 * number, currency: 'USD', ...product };
    return (await this.http.ok('POST', '/v1/products', { json: { ...given, cat_ids: catIds } })).data as ProductAnswer;
  }

  /** One of each product. */
  async placeOrder(userId: string, productIds: readonly number[]): Promise<OrderAnswer> {
    const items = productIds.map((product_id) => ({ product_id, quantity: 1 }));
    return (await this.http.ok('POST', '/v1/orders', { json: { user_id: userId, items } })).data as OrderAnswer;
  }
}

export function userForm(name: string, email: string, pdf: Buffer = tinyPdf()): FormData {
  const form = proofForm(pdf);
  form.set('name', name);
  form.set('email', email);
  return form;
}

export function proofForm(pdf: Buffer = tinyPdf()): FormData {
  const form = new FormData();
  form.set('id_proof', new Blob([new Uint8Array(pdf)], { type: 'application/pdf' }), 'proof.pdf');
  return form;
}
