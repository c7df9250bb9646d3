/** The HTTP application as a value: opens nothing, reads no environment. */
import { fastify, type FastifyBaseLogger, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { ANONYMOUS } from './access/caller.js';
import { requireAcceptable } from './http/accept.js';
import { answerProblems, sendProblem } from './http/answer-problem.js';
import type { App } from './http/app-type.js';
import { readJsonBodies } from './http/body-parsers.js';
import { ClientErrors } from './http/client-errors.js';
import type { Drain } from './http/drain.js';
import { type HealthCheck, healthRoutes } from './http/health.js';
import { completeRoutes } from './http/json-schema.js';
import { requireLoopback } from './http/loopback-only.js';
import { measureRequests, metricsRoute } from './http/metrics.js';
import { addOpenApi } from './http/openapi.js';
import { requirePlain } from './http/plain-requests.js';
import { problemRoutes } from './http/problem-routes.js';
import { requestId } from './http/request-id.js';
import { logRequests } from './http/request-log.js';
import { RouteTable } from './http/route-table.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { validatorCompiler } from './http/validation.js';

export interface AppDeps {
  /** Null: nothing is logged. */
  readonly logger: FastifyBaseLogger | null;
  readonly version: string;
  /** Without access control: only requests from and to this machine. */
  readonly loopbackOnly: boolean;
  readonly checks: readonly HealthCheck[];
  readonly metrics: Registry;
  readonly drain: Drain;
}

const BODY_BYTES = 1024 * 1024;
const HEADER_BYTES = 16 * 1024;

export async function buildApp(deps: AppDeps): Promise<App> {
  const app = newApp(deps.logger);
  // An expectation nobody knows is passed over; Node would answer it without a problem document.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.setValidatorCompiler(validatorCompiler);
  readJsonBodies(app);
  const routes = new RouteTable(app);
  completeRoutes(app);
  answerProblems(app, routes);
  admitRequests(app, deps);
  logRequests(app);
  measureRequests(app, deps.metrics);
  await addOpenApi(app, deps);
  healthRoutes(app, deps);
  metricsRoute(app, deps.metrics);
  problemRoutes(app);
  return app;
}

function newApp(logger: FastifyBaseLogger | null): App {
  const clientErrors = new ClientErrors();
  const app = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId,
    bodyLimit: BODY_BYTES,
    // Longer ids are malformed, not unknown.
    routerOptions: { maxParamLength: HEADER_BYTES },
    requestTimeout: 120_000,
    keepAliveTimeout: 72_000,
    // Refusing while closing is the drain's business.
    return503OnClosing: false,
    http: { maxHeaderSize: HEADER_BYTES, requireHostHeader: false, headersTimeout: 30_000 },
    clientErrorHandler: (error, socket) => {
      clientErrors.answer(error, socket);
    },
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id });
      void sendProblem(request, reply, error);
    },
  });
  clientErrors.watch(app.server);
  return app;
}

function admitRequests(app: App, { loopbackOnly, drain }: AppDeps): void {
  app.decorateRequest('caller');
  app.addHook('onRequest', (request, reply, done) => {
    request.caller = ANONYMOUS;
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    try {
      drain.enter(reply);
      if (loopbackOnly) requireLoopback(request.headers);
      requirePlain(request);
      requireAcceptable(request);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}
