/** The routes of those who look after the installation: what the console shows and does (docs/decisions/0028). */
import { z } from 'zod';
import type { App } from '../http/app-type.js';
import { dataOf } from '../http/schemas.js';
import { type JobRouteDeps, jobRoutes } from './jobs/job-routes.js';
import { logRoutes, type LogRouteDeps } from './log-routes.js';
import { type QuarantineRouteDeps, quarantineRoutes } from './quarantine-routes.js';
import { readModels, type ReadModelsDeps, readModelSchema } from './read-models.js';
import { readStatus, type Status, type StatusDeps, statusSchema } from './status.js';

export type OpsDeps = JobRouteDeps & LogRouteDeps & QuarantineRouteDeps & ReadModelsDeps & StatusDeps;

export function opsRoutes(app: App, deps: OpsDeps): void {
  const status = shared(() => readStatus(deps));
  app.get(
    '/v1/ops/status',
    {
      schema: {
        operationId: 'getStatus',
        summary: 'The stores, the head of the log, and how far each read model is',
        tags: ['operations'],
        response: { 200: dataOf(statusSchema) },
      },
      config: { problems: ['database-unavailable', 'event-store-unavailable'] },
    },
    async (): Promise<{ data: Status['document'] }> => ({ data: (await status()).document }),
  );
  app.get(
    '/v1/ops/read-models',
    {
      schema: {
        operationId: 'listReadModels',
        summary: 'The read models with their builds and checkpoints',
        tags: ['operations'],
        response: { 200: dataOf(z.array(readModelSchema)) },
      },
      config: { problems: ['database-unavailable'] },
    },
    async () => ({ data: await readModels(deps) }),
  );
  logRoutes(app, deps);
  jobRoutes(app, deps);
  quarantineRoutes(app, deps);
}

/** What is under way serves all who ask meanwhile: ten consoles cost no more than one. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () =>
    (running ??= ask().finally(() => {
      running = null;
    }));
}
