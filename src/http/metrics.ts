import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { App } from './app-type.js';

/** A registry of its own for each application: nothing global. */
export function createMetrics(): Registry {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  return metrics;
}

/** Times every request by its route's template, never by the path that was asked for. */
export function measureRequests(app: App, metrics: Registry): void {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [metrics],
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url: route = 'none' } = request.routeOptions;
    const labels = { method: typeof method === 'string' ? method : 'none', route, status: reply.statusCode };
    duration.observe(labels, reply.elapsedTime / 1_000);
    done();
  });
}

export function metricsRoute(app: App, metrics: Registry): void {
  app.get(
    '/metrics',
    {
      config: { produces: ['text/plain', 'application/openmetrics-text'] },
      schema: { operationId: 'getMetrics', summary: 'Metrics for Prometheus', tags: ['operations'] },
    },
    async (_request, reply) => reply.header('content-type', metrics.contentType).send(await metrics.metrics()),
  );
}
