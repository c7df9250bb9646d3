import { z } from 'zod';
import type { App } from './app-type.js';

/** `detail` is shown to anybody; `degraded`: it is of use, though not whole. */
interface Checked {
  readonly ok: boolean;
  readonly degraded?: boolean;
  readonly detail?: string;
}

/** Something that must be so for the process to be of use. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<Checked>;
}

const TIMEOUT_MS = 2_000;

const health = z.strictObject({
  status: z.enum(['ok', 'degraded', 'unavailable']),
  checks: z.record(z.string(), z.strictObject({ ok: z.boolean(), detail: z.string().optional() })),
});

type Health = z.infer<typeof health>;

export function healthRoutes(app: App, { checks }: { checks: readonly HealthCheck[] }): void {
  app.get(
    '/health/live',
    { schema: { summary: 'The process is up', tags: ['operations'], response: { 200: health } } },
    (): Health => ({ status: 'ok', checks: {} }),
  );
  app.get(
    '/health/ready',
    {
      schema: { summary: 'The process can do its work', tags: ['operations'], response: { 200: health, 503: health } },
    },
    async (_request, reply) => {
      const answer = await runChecks(checks);
      return reply
        .code(answer.status === 'unavailable' ? 503 : 200)
        .header('cache-control', 'no-store')
        .send(answer);
    },
  );
}

/** All at once; one that fails or takes too long is not ok. */
async function runChecks(checks: readonly HealthCheck[]): Promise<Health> {
  const results = await Promise.all(checks.map(async (one) => [one.name, await run(one)] as const));
  const degraded = results.some(([, result]) => result.degraded);
  const working = degraded ? 'degraded' : 'ok';
  return {
    status: results.every(([, { ok }]) => ok) ? working : 'unavailable',
    checks: Object.fromEntries(results.map(([name, { degraded: _, ...result }]) => [name, result])),
  };
}

async function run(one: HealthCheck): Promise<Checked> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ ok: false; detail: string }>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${TIMEOUT_MS} ms` }), TIMEOUT_MS);
  });
  try {
    return await Promise.race([one.check(), late]);
  } catch {
    return { ok: false, detail: 'the check failed' };
  } finally {
    clearTimeout(timer);
  }
}
