/** The jobs of this process: it starts them, renews their leases, and they end with it (docs/decisions/0028). */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Actor, Engine } from '../../engine/index.js';
import { Problem } from '../../http/problem.js';
import type { CommandEnd, RunCommand, Told } from './command-runner.js';
import { argumentsOf, isActive, type Job, type JobProgress, type JobRequest } from './job.js';
import {
  addJob,
  beginJob,
  type Ended,
  endJob,
  findJob,
  LEASE_SECONDS,
  loseJobs,
  renewJob,
  requestCancel,
} from './job-table.js';

export interface JobsDeps {
  readonly pool: pg.Pool;
  readonly run: RunCommand;
  readonly log: Engine['log'];
}

export interface StartedJob {
  readonly jobId: string;
  readonly request: JobRequest;
  readonly models: readonly string[];
  readonly requestedBy: Actor;
}

/** In all processes together: that run, and that run or wait. */
const MOST_RUNNING = 2;
const MOST_ACTIVE = 20;
const RENEW_EVERY_MS = 1_000;
const CANCEL_PATIENCE_MS = 3_000;
const LOOK_EVERY_MS = 100;
const TRIES = 3;
const CLOSE_MS = 1_000;

export class Jobs {
  /** Of this process, by id; the abort's reason says why. */
  readonly #own = new Map<string, { readonly ends: AbortController; readonly work: Promise<void> }>();
  #isClosed = false;

  constructor(private readonly deps: JobsDeps) {}

  /** @throws Problem job-running, overloaded */
  async start({ jobId, request, models, requestedBy }: StartedJob): Promise<Job> {
    const { pool } = this.deps;
    const { kind, model: _model, models: _models, ...parameters } = request;
    const added = await addJob(pool, { jobId, kind, models, parameters, requestedBy }, MOST_ACTIVE);
    if (added === 'full') {
      const detail = `${MOST_ACTIVE} jobs run or wait already. Cancel one, or try again when one has ended.`;
      throw new Problem('overloaded', detail, [], { 'retry-after': '30' });
    }
    if (typeof added === 'object') {
      const detail = `Job ${added.inTheWay} works on the same read model. Wait for its end, or cancel it.`;
      throw new Problem('job-running', detail);
    }
    const job = await this.find(jobId);
    if (added === 'added' && !this.#isClosed) {
      const ends = new AbortController();
      this.#own.set(jobId, { ends, work: this.#carryOut(jobId, argumentsOf(request, models), ends) });
    }
    return job;
  }

  /** @throws Problem job-not-found */
  async find(jobId: string): Promise<Job> {
    const job = await findJob(this.deps.pool, jobId);
    if (!job) throw new Problem('job-not-found', 'There is no such job. Jobs are kept for 30 days.');
    return job;
  }

  /** Ends a job, whichever process runs it; one that has ended stays as it is. @throws Problem job-not-found */
  async cancel(jobId: string): Promise<Job> {
    await requestCancel(this.deps.pool, jobId);
    this.#own.get(jobId)?.ends.abort('cancelled');
    const deadline = Date.now() + CANCEL_PATIENCE_MS;
    let job = await this.find(jobId);
    while (isActive(job) && Date.now() < deadline) {
      await sleep(LOOK_EVERY_MS);
      job = await this.find(jobId);
    }
    return job;
  }

  /** Ends the jobs of this process: they are lost with it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const own = [...this.#own];
    if (own.length === 0) return;
    await loseJobs(
      this.deps.pool,
      own.map(([jobId]) => jobId),
    ).catch(() => undefined);
    for (const [, { ends }] of own) ends.abort('lost');
    await Promise.race([Promise.all(own.map(([, { work }]) => work)), sleep(CLOSE_MS)]);
  }

  async #carryOut(jobId: string, args: readonly string[], ends: AbortController): Promise<void> {
    let told: Told | null = null;
    const over = new AbortController();
    const renewing = this.#renew(jobId, ends, over.signal, () => told && progressOf(told));
    try {
      const isOurTurn = await this.#turn(jobId, ends.signal);
      const end = isOurTurn
        ? await this.deps.run(args, { signal: ends.signal, tell: (progress) => (told = progress) })
        : null;
      if (ends.signal.reason !== 'lost') await this.#end(jobId, endedBy(end, ends.signal), told && progressOf(told));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.deps.log.warn({ job: jobId, message }, 'a job has failed');
      await this.#end(jobId, { state: 'failed', error: 'The server could not run it. Its log says more.' }, null);
    } finally {
      over.abort();
      await renewing;
      this.#own.delete(jobId);
    }
  }

  /** Waits until few enough jobs run. @returns false when it was ended before */
  async #turn(jobId: string, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await beginJob(this.deps.pool, jobId, MOST_RUNNING).catch(() => false)) return true;
      await sleep(RENEW_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  /** Keeps the lease. Without it the job is lost, and ends here too. */
  async #renew(jobId: string, ends: AbortController, over: AbortSignal, told: () => JobProgress | null): Promise<void> {
    let until = Date.now() + LEASE_SECONDS * 1_000;
    while (!over.aborted) {
      await sleep(RENEW_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) return;
      const asked = Date.now();
      const wanted = await renewJob(this.deps.pool, jobId, told()).catch(() => undefined);
      if (typeof wanted === 'boolean') until = asked + LEASE_SECONDS * 1_000;
      if (wanted === true) ends.abort('cancelled');
      if (wanted === null || Date.now() > until) ends.abort('lost');
    }
  }

  async #end(jobId: string, ended: Ended, progress: JobProgress | null): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        if (progress) await renewJob(this.deps.pool, jobId, progress);
        await endJob(this.deps.pool, jobId, ended);
        return;
      } catch (error) {
        const { message } = error as Error;
        if (tries < TRIES) await sleep(RENEW_EVERY_MS);
        else
          return this.deps.log.warn({ job: jobId, message }, 'the end of a job could not be recorded: it will be lost');
      }
    }
  }
}

function endedBy(end: CommandEnd | null, signal: AbortSignal): Ended {
  const { error, ...result } = (end?.document ?? {}) as { readonly error?: { readonly message?: string } };
  if (end?.document && !error) return { state: 'done', ok: end.exitCode === 0, result };
  if (signal.aborted) return { state: 'cancelled' };
  return { state: 'failed', error: error?.message ?? (end?.remark || 'The command ended without an answer.') };
}

function progressOf({ what, done, total, seconds }: Told): JobProgress {
  const rate = seconds > 0 ? done / seconds : 0;
  const left = total === null || rate === 0 ? null : Math.ceil(Math.max(0, total - done) / rate);
  return { what, done, total, per_second: Math.round(rate * 10) / 10, seconds_left: left };
}
