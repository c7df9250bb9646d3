/** `orderlog serve`: API, projectors or both, until the process is to end. And the API that `orderlog demo` asks. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { Caller } from './access/caller.js';
import { buildApp } from './app.js';
import type { Config } from './config.js';
import { sweepNowAndThen, type SweepSchedule } from './documents/sweep.js';
import { type Position, postgres, print } from './engine/index.js';
import { consoleRoutes } from './http/console.js';
import { Drain } from './http/drain.js';
import type { App } from './http/app-type.js';
import type { HealthCheck } from './http/health.js';
import { sweepKeysNowAndThen } from './http/idempotency/sweep.js';
import { createMetrics } from './http/metrics.js';
import { describeImport } from './import/describe.js';
import { type Api, type ApiAnswer, DEMO_ACTOR } from './commands/demo.js';
import { greeting } from './commands/greeting.js';
import { stdout } from './commands/outlet.js';
import { WrongUse } from './commands/output.js';
import { problemLog } from './commands/problem-log.js';
import { noProgress } from './commands/progress.js';
import type { Parts } from './commands/serve.js';
import { type Log, measureLog, openLogger } from './logger.js';
import { commandRunner } from './ops/jobs/command-runner.js';
import { Jobs } from './ops/jobs/jobs.js';
import { keepHeapLean } from './ops/lean-heap.js';
import { accessTo, addRoutes } from './routes.js';
import { databaseCheck } from './open-database.js';
import { openRuntime, type Runtime } from './runtime.js';
import { verifyNowAndThen } from './scheduled-verify.js';
import { namedDocuments } from './user/named-documents.js';
import { resumeErasures } from './user/resume-erasures.js';

/** How long a start lets the read models catch up before it answers: after sowing, and otherwise. */
const SOWN_PATIENCE_MS = 20_000;
const PATIENCE_MS = 1_000;
/** How often interrupted erasures are looked for, and how long that waits for the read model of users. */
const RESUME_EVERY_MS = 60_000;
const RESUME_WAIT_MS = 10_000;
/** How long the end of the process leaves its sessions with the database. */
const CUT_MS = 3_500;

export interface Serving extends Parts {
  /** Of the package. */
  readonly version: string;
}

/**
 * Also a start that is under way ends with the signal.
 * @throws Error that says why it could not start
 */
export async function serve(config: Config, parts: Serving, signal: AbortSignal): Promise<void> {
  keepHeapLean();
  const log = await openLogger(config, parts.json ? 2 : 1);
  try {
    await serveUntil(signal, log, config, parts);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    log.logger.info('ended while it started');
  } finally {
    log.writer.close();
  }
}

async function serveUntil(
  signal: AbortSignal,
  { logger: log, writer }: Log,
  config: Config,
  parts: Serving,
): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  const runtime = await openRuntime(config, { migrate: true, forRequests: true, log, signal, asOfProcess: parts.api });
  const { engine } = runtime;
  const closing: (() => Promise<unknown>)[] = [() => runtime.close()];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const sown = await runtime.sow(noProgress, signal);
    if (sown && sown.findings.length > 0) throw new Error(`the seed has faults:\n${describeImport(sown, false).text}`);
    const headAtStart = await runtime.store.head();
    // The first lines are the greeting's: until then, only what is wrong is told.
    log.level = quieter(config.logLevel);
    if (parts.projectors) {
      const { keepBuildSeconds: keepSeconds } = config;
      const worker = engine.startProjectors();
      closing.push(() => worker.stop());
      closing.push(inBackground((ends) => engine.buildMissing({ keepSeconds, signal: ends })));
      // A first user who asks at once gets what has been sown and not an empty tree.
      await Promise.race([ended, engine.catchUp(headAtStart, sown ? SOWN_PATIENCE_MS : PATIENCE_MS)]);
    }
    const metrics = createMetrics();
    measureLog(metrics, writer);
    engine.measure(metrics);
    closing.push(inBackground((ends) => engine.sweepAsOf(ends)));
    closing.push(inBackground((ends) => sweepNowAndThen({ ...sweeping(runtime), log, signal: ends })));
    closing.push(inBackground((ends) => finishErasures(runtime, log, ends)));
    closing.push(inBackground((ends) => sweepKeysNowAndThen(runtime.pool, config.idempotencyKeepSeconds, log, ends)));
    const { seals } = engine;
    if (parts.projectors && seals) closing.push(inBackground((ends) => seals.follow(ends)));
    const run = commandRunner(join(import.meta.dirname, 'cli.js'));
    const everySeconds = config.verifyEverySeconds;
    if (parts.projectors && everySeconds > 0) {
      closing.push(inBackground((ends) => verifyNowAndThen(metrics, { everySeconds, run, log, signal: ends })));
    }
    const jobs = new Jobs({ pool: runtime.pool, run, log });
    closing.push(() => jobs.close());
    const drain = new Drain();
    const app = await buildApp({
      logger: log,
      version: parts.version,
      access: accessTo(runtime),
      checks: healthChecks(runtime, headAtStart),
      metrics,
      drain,
    });
    if (parts.api) await addRoutes(app, runtime, { jobs, ending: drain.ending });
    const hasConsole = parts.api && (await consoleRoutes(app, join(import.meta.dirname, '../console')));
    closing.push(() => drain.close(app));
    signal.throwIfAborted();
    const port = await listen(app, config);
    const access = await accessLine(runtime);
    const at = { host: config.host, port, dataDir: config.dataDir, location: runtime.location };
    const greet = greeting({ ...parts, ...at, hasConsole, access });
    // With --json the log goes elsewhere.
    if (parts.json) stdout.write(greet);
    else writer.write(print.withoutObeyed(greet));
    log.level = config.logLevel;
  } catch (error) {
    await close();
    throw error;
  }
  await ended;
  log.info('shutting down');
  // Whatever still waits for a database that does not answer waits no longer.
  setTimeout(postgres.cutSessions, CUT_MS).unref();
  await close();
}

/** Finishes interrupted erasures, at the start and from time to time: a step may have failed in another process. */
async function finishErasures(runtime: Runtime, log: Log['logger'], ends: AbortSignal): Promise<void> {
  const { store, erasures: deps, unfinishedErasures } = runtime;
  while (!ends.aborted) {
    try {
      const freshness = { min: await store.head(), waitMs: RESUME_WAIT_MS, lenient: true };
      const { finished, failures } = await resumeErasures(deps, unfinishedErasures, freshness, ends);
      if (finished > 0) log.info({ erasures: finished }, 'interrupted erasures were finished');
      if (failures.length > 0) throw failures[0];
    } catch (error) {
      if (ends.aborted) return;
      log.warn({ message: (error as Error).message }, 'interrupted erasures are not finished yet, and are tried again');
    }
    await sleep(RESUME_EVERY_MS, undefined, { signal: ends }).catch(() => undefined);
  }
}

/** @returns what ends it and waits for its end */
function inBackground(work: (ends: AbortSignal) => Promise<void>): () => Promise<void> {
  const ends = new AbortController();
  const done = work(ends.signal);
  return async () => {
    ends.abort();
    await done;
  };
}

function sweeping({ pool, engine, store, gate }: Runtime): Pick<SweepSchedule, 'pool' | 'store' | 'named'> {
  return {
    pool,
    store: gate.store,
    named: async (ids, signal) => {
      // A log that is older than what was read of it, say, no longer names what it did.
      const { ok, detail } = await engine.health(signal);
      if (!ok) throw new Error(`the read models do not follow the log: ${detail ?? 'run orderlog status'}`);
      return namedDocuments(store, ids, signal);
    },
  };
}

function quieter(level: Config['logLevel']): Config['logLevel'] {
  return ['info', 'debug', 'trace'].includes(level) ? 'warn' : level;
}

function healthChecks(runtime: Runtime, headAtStart: Position): HealthCheck[] {
  const { pool, store, engine } = runtime;
  let caughtUp = false;
  return [
    databaseCheck(pool),
    {
      name: 'event-store',
      check: async () => {
        await store.head();
        return { ok: true };
      },
    },
    {
      name: 'read-models',
      check: async () => {
        caughtUp ||= await engine.hasReached(headAtStart);
        return caughtUp ? { ok: true } : { ok: false, detail: 'the head of the log found at start is not reached yet' };
      },
    },
    {
      name: 'projectors',
      check: async (signal) => {
        const { detail, ...health } = await engine.health(signal);
        return { ...health, ...(detail !== null && { detail }) };
      },
    },
  ];
}

/** Not by Fastify's own listen, which says so before our greeting can. @returns the port */
async function listen(app: App, { host, port }: Config): Promise<number> {
  await app.ready();
  app.server.listen(port, host);
  try {
    await once(app.server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new Error(`port ${port} on ${host} is in use: set PORT to another one`, { cause: error });
    if (code === 'EACCES')
      throw new Error(`port ${port} needs more rights: set PORT to one above 1023`, { cause: error });
    if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'].includes(code ?? ''))
      throw new WrongUse(`HOST: ${host} is no address of this machine (${code}): set HOST to one that is`, {
        cause: error,
      });
    throw error;
  }
  return (app.server.address() as AddressInfo).port;
}

/** Nothing without access control. */
async function accessLine({ config, apiKeys }: Runtime): Promise<readonly string[]> {
  const { auth, jwt } = config.access;
  if (auth === 'none') return [];
  const isReady = jwt !== null || (await apiKeys.hasAdmin());
  return [
    isReady
      ? '  access    by key or token'
      : '  access    no admin key yet: create one with orderlog keys create --role admin',
  ];
}

/** All routes, for requests of `orderlog demo` alone. */
export async function demoApi(runtime: Runtime, version: string, ending: AbortSignal): Promise<Api> {
  const rateLimits = { customer: Number.MAX_SAFE_INTEGER, staff: Number.MAX_SAFE_INTEGER };
  const authenticate = (): Promise<Caller> => Promise.resolve(DEMO_ACTOR);
  const control = { authenticate, ownerOfOrder: () => Promise.resolve(null), rateLimits };
  const access = { ...accessTo(runtime), control };
  const parts = { logger: null, version, access, checks: [], metrics: new Registry(), drain: new Drain() };
  const app = await buildApp(parts);
  const cli = join(import.meta.dirname, 'cli.js');
  const jobs = new Jobs({ pool: runtime.pool, run: commandRunner(cli), log: problemLog });
  await addRoutes(app, runtime, { jobs, ending });
  return {
    async send({ method, path, key, json, form }): Promise<ApiAnswer> {
      const formed = form && new Response(form);
      const headers = {
        host: 'localhost',
        authorization: 'Bearer demo',
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(formed && { 'content-type': formed.headers.get('content-type') ?? '' }),
      };
      const payload = formed ? Buffer.from(await formed.arrayBuffer()) : json;
      const answer = await app.inject({ method, url: path, headers, ...(payload && { payload }) });
      return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
    },
    close: () => app.close(),
  };
}
