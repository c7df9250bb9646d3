import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { Caller } from './access/caller.js';
import { buildApp } from './app.js';
import { type Api, type ApiAnswer, DEMO_ACTOR } from './commands/demo.js';
import { problemLog } from './commands/problem-log.js';
import { Drain } from './http/drain.js';
import { commandRunner } from './ops/jobs/command-runner.js';
import { Jobs } from './ops/jobs/jobs.js';
import { accessTo, addRoutes } from './routes.js';
import type { Runtime } from './runtime.js';

/** All routes, for requests from here alone. */
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
