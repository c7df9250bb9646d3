import type { FastifyRequest } from 'fastify';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import type { App } from './app-type.js';

/** `degraded`: it is of use, though not whole. */
interface Checked {
  readonly ok: boolean;
  readonly degraded?: boolean;
  readonly detail?: string;
}

/** Something that must be so for the process to be of use. */
export interface HealthCheck {
  readonly name: string;
  /** @param signal nobody waits for the answer any more */
  check(signal: AbortSignal): Promise<Checked>;
}

const TIMEOUT_MS = 2_000;

const health = z
  .strictObject({
    status: z.enum(['ok', 'degraded', 'unavailable']).meta({ id: 'HealthStatus' }),
    checks: z.record(
      z.string(),
      z
        .strictObject({
          ok: z.boolean(),
          degraded: z
            .boolean()
            .optional()
            .meta({ description: 'Whether it works, but not as a whole. A `detail` alone is no fault.' }),
          detail: z.string().optional(),
        })
        .meta({ id: 'HealthCheck' }),
    ),
  })
  .meta({ id: 'Health' });

type Health = z.infer<typeof health>;

export interface HealthDeps {
  readonly checks: readonly HealthCheck[];
  readonly metrics: Registry;
  /** Whether the sender of a request may see more than the status. */
  readonly showsDetails: (request: FastifyRequest) => boolean;
}

export function healthRoutes(app: App, { checks, metrics, showsDetails }: HealthDeps): void {
  const shared = checks.map((check) => new SharedCheck(check));
  measureChecks(metrics, shared);
  app.get(
    '/health/live',
    {
      schema: {
        operationId: 'getLiveness',
        summary: 'The process is up',
        tags: ['operations'],
        response: { 200: health },
      },
    },
    (): Health => ({ status: 'ok', checks: {} }),
  );
  app.get(
    '/health/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'The process can do its work',
        tags: ['operations'],
        response: { 200: health, 503: health },
      },
    },
    async (request, reply) => {
      const answer = await runChecks(shared);
      return reply
        .code(answer.status === 'unavailable' ? 503 : 200)
        .header('cache-control', 'no-store')
        .send(showsDetails(request) ? answer : { ...answer, checks: {} });
    },
  );
}

/** Told whatever is down: a series that vanishes raises no alarm. */
function measureChecks(metrics: Registry, checks: readonly SharedCheck[]): void {
  new Gauge({
    name: 'orderlog_up',
    help: '1 when the check of /health/ready finds nothing wrong for this process',
    labelNames: ['check'],
    registers: [metrics],
    async collect(): Promise<void> {
      await Promise.all(
        checks.map(async (one) => {
          const { ok } = await one.ask();
          this.set({ check: one.name }, ok ? 1 : 0);
        }),
      );
    },
  });
}

/** All at once; one that fails or takes too long is not ok. */
async function runChecks(checks: readonly SharedCheck[]): Promise<Health> {
  const results = await Promise.all(checks.map(async (one) => [one.name, await one.ask()] as const));
  const degraded = results.some(([, result]) => result.degraded);
  const working = degraded ? 'degraded' : 'ok';
  return {
    status: results.every(([, { ok }]) => ok) ? working : 'unavailable',
    checks: Object.fromEntries(
      results.map(([name, { degraded: isDegraded, ...result }]) => [
        name,
        { ...result, ...(isDegraded && { degraded: true }) },
      ]),
    ),
  };
}

interface Run {
  readonly result: Promise<Checked>;
  readonly unwanted: AbortController;
  waiting: number;
}

/** A check that is under way serves all who ask meanwhile; it is canceled when nobody waits for it any more. */
class SharedCheck {
  #run: Run | null = null;

  constructor(private readonly check: HealthCheck) {}

  get name(): string {
    return this.check.name;
  }

  async ask(): Promise<Checked> {
    const run = (this.#run ??= this.#begin());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Checked>((resolve) => {
      timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${TIMEOUT_MS} ms` }), TIMEOUT_MS);
    });
    run.waiting += 1;
    try {
      return await Promise.race([run.result, late]);
    } catch {
      return { ok: false, detail: 'the check failed' };
    } finally {
      clearTimeout(timer);
      run.waiting -= 1;
      if (run.waiting === 0) this.#end(run);
    }
  }

  #begin(): Run {
    const unwanted = new AbortController();
    const run: Run = { result: this.check.check(unwanted.signal), unwanted, waiting: 0 };
    const end = (): void => this.#end(run);
    run.result.then(end, end);
    return run;
  }

  #end(run: Run): void {
    run.unwanted.abort();
    if (this.#run === run) this.#run = null;
  }
}
