/** Jobs over HTTP: start one, follow it, cancel it. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type AnyProjection, type Engine, errors, Refusal } from '../../engine/index.js';
import { prefersEvents } from '../../http/accept.js';
import type { App } from '../../http/app-type.js';
import { commandContext, type HashKey } from '../../http/command-context.js';
import type { EventStreams, Sent } from '../../http/event-stream.js';
import { type Cursors, listAnswer } from '../../http/list.js';
import type { PositionTokens } from '../../http/position-token.js';
import { Problem } from '../../http/problem.js';
import { dataOf, listOf, listQuery, noBody, uuid } from '../../http/schemas.js';
import { modelsNamed } from '../models.js';
import {
  isActive,
  type Job,
  JOB_KINDS,
  JOB_STATES,
  jobRequest,
  type JobRequest,
  jobSchema,
  listedJob,
  namesOf,
} from './job.js';
import { listJobs } from './job-table.js';
import type { Jobs } from './jobs.js';

export interface JobRouteDeps {
  readonly jobs: Jobs;
  readonly engine: Pick<Engine, 'pool' | 'resolvePoint'>;
  readonly projections: readonly AnyProjection[];
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  readonly hashKey: HashKey;
  readonly eventStreams: EventStreams;
}

const LOOK_EVERY_MS = 500;

const jobPath = z.strictObject({ job_id: uuid });
const jobQuery = listQuery.extend({ kind: z.enum(JOB_KINDS).optional(), state: z.enum(JOB_STATES).optional() });

export function jobRoutes(app: App, deps: JobRouteDeps): void {
  const { jobs, engine, cursors, eventStreams } = deps;
  app.post(
    '/v1/ops/jobs',
    {
      config: { kind: 'operation', problems: ['invalid-log-position', 'job-running'] },
      schema: {
        operationId: 'startJob',
        summary: 'Start a rebuild, a verification, a rollback or a replay',
        tags: ['operations'],
        body: jobRequest,
        response: { 202: dataOf(jobSchema) },
      },
    },
    async (request, reply) => {
      const { body, caller } = request;
      const models = modelsNamed(deps.projections, namesOf(body), body.model === undefined ? 'models' : 'model');
      if (body.kind === 'replay') await refuseBadPoint(deps, body);
      const jobId = commandContext(request, deps.hashKey, 'StartJob', body).newId('job');
      const names = models.map(({ name }) => name);
      const requestedBy = { kind: caller.kind, id: caller.id };
      const job = await jobs.start({ jobId, request: body, models: names, requestedBy });
      return reply.code(202).header('location', `/v1/ops/jobs/${jobId}`).send({ data: job });
    },
  );
  app.get(
    '/v1/ops/jobs',
    {
      config: { problems: ['database-unavailable'] },
      schema: {
        operationId: 'listJobs',
        summary: 'Jobs, newest first',
        tags: ['operations'],
        querystring: jobQuery,
        response: { 200: listOf(listedJob) },
      },
    },
    async (request, reply) => {
      const { limit, cursor, kind, state } = request.query;
      const before = cursors.decode('jobs', z.int(), cursor);
      const page = await listJobs(engine.pool, { kind, state }, limit, before);
      return listAnswer(request, reply, page.jobs, page.next === null ? null : cursors.encode('jobs', page.next));
    },
  );
  app.get(
    '/v1/ops/jobs/:job_id',
    {
      config: {
        problems: ['job-not-found', 'database-unavailable'],
        produces: ['application/json', 'text/event-stream'],
      },
      schema: {
        operationId: 'getJob',
        summary: 'One job: its state, progress and result; as text/event-stream, each change until it has ended',
        tags: ['operations'],
        params: jobPath,
        response: { 200: dataOf(jobSchema), 204: z.null() },
      },
    },
    async (request, reply) => {
      const { job_id } = request.params;
      const job = await jobs.find(job_id);
      if (request.method !== 'GET' || !prefersEvents(request.headers.accept)) return { data: job };
      const told = request.headers['last-event-id'];
      // An EventSource connects again to a stream that has ended, until it gets this.
      if (!isActive(job) && told === eventIdOf(job)) return reply.code(204).send(null);
      return eventStreams.answer(request, reply, (ends) => changes(jobs, job, told, ends));
    },
  );
  app.delete(
    '/v1/ops/jobs/:job_id',
    {
      config: { kind: 'operation', problems: ['job-not-found'] },
      schema: {
        operationId: 'cancelJob',
        summary: 'Cancel a job; one that has ended stays as it is',
        tags: ['operations'],
        params: jobPath,
        body: noBody,
        response: { 200: dataOf(jobSchema) },
      },
    },
    async (request) => ({ data: await jobs.cancel(request.params.job_id) }),
  );
}

/** @param told the id of the state that the client has: one that connects again is not told it twice */
async function* changes(
  jobs: Jobs,
  first: Job,
  told: string | string[] | undefined,
  ends: AbortSignal,
): AsyncGenerator<Sent> {
  let shown = told;
  for (let job = first; !ends.aborted; job = await jobs.find(job.job_id)) {
    const id = eventIdOf(job);
    if (id !== shown) yield { id, event: 'job', data: job };
    if (!isActive(job)) return;
    shown = id;
    await sleep(LOOK_EVERY_MS, undefined, { signal: ends }).catch(() => undefined);
  }
}

function eventIdOf(job: Job): string {
  return createHash('sha256').update(JSON.stringify(job)).digest('base64url');
}

/** Told at once, and not by a job that fails. @throws Problem */
async function refuseBadPoint(
  { engine, tokens }: JobRouteDeps,
  { until }: JobRequest & { kind: 'replay' },
): Promise<void> {
  try {
    await engine.resolvePoint(until, tokens, 0);
  } catch (error) {
    // The job waits for it.
    if (error instanceof Refusal && error.code === 'read-model-behind') return;
    if (!(error instanceof errors.BadPoint)) throw error;
    throw new Problem(error.code, undefined, [{ path: 'until', message: error.message }]);
  }
}
