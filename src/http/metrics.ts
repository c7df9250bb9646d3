import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import type { Answered } from './answered.js';
import type { App } from './app-type.js';
import { changes } from './route-kind.js';

/** Gauges of prom-client that are named like counters. Others of it say the same by kind. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A registry of its own for each application: nothing global. */
export function createMetrics(): Registry {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  for (const name of MISNAMED) metrics.removeSingleMetric(name);
  return metrics;
}

/** Times every request by its route's template, never by the path that was asked for. */
export function measureRequests(answered: Answered, metrics: Registry): void {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [metrics],
  });
  const left = new Counter({
    name: 'http_requests_abandoned_total',
    help: 'Requests whose caller left before the answer had been sent',
    labelNames: ['method', 'route'] as const,
    registers: [metrics],
  });
  answered.each((request, reply, hasLeft) => {
    const { method: given, url: route = 'none' } = request.routeOptions;
    const method = typeof given === 'string' ? given : 'none';
    duration.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    if (hasLeft) left.inc({ method, route });
  });
}

/** Counts the commands by what became of them: `ok`, also of a replay, or the code of the problem. */
export function countCommands(app: App, answered: Answered, metrics: Registry): void {
  const commands = new Counter({
    name: 'orderlog_commands_total',
    help: 'Commands by what became of them: ok, or the code of the problem',
    labelNames: ['command', 'outcome'] as const,
    registers: [metrics],
  });
  app.addHook('onRoute', ({ config, schema, method, url }) => {
    if (!config || !changes(config.kind)) return;
    const operation = schema?.operationId?.replace(/^./, (first) => first.toUpperCase());
    config.command ??= operation ?? `${[method].flat().join()} ${url}`;
    // A rate needs a beginning.
    commands.inc({ command: config.command, outcome: 'ok' }, 0);
  });
  answered.each((request, reply) => {
    const { command } = request.routeOptions.config;
    if (command !== undefined) commands.inc({ command, outcome: reply.problemCode ?? 'ok' });
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
