/** The HTTP application as a value: opens nothing, reads no environment. */
import { fastify, type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { logDenied } from './access/access-log.js';
import { ANONYMOUS } from './access/caller.js';
import { allowOrigins } from './access/cross-origin.js';
import { type Access, guardRoutes, requireEntries } from './access/guard-routes.js';
import { requireAcceptable } from './http/accept.js';
import { Answered } from './http/answered.js';
import { answerProblems, sendProblem } from './http/answer-problem.js';
import type { App } from './http/app-type.js';
import { readJsonBodies } from './http/body-parsers.js';
import { ClientErrors } from './http/client-errors.js';
import { compressLists } from './http/compression.js';
import type { Drain } from './http/drain.js';
import { closeQueuedResponses, endUnreadStreams } from './http/gone.js';
import { type HealthCheck, healthRoutes } from './http/health.js';
import { completeRoutes } from './http/json-schema.js';
import { requireLoopback } from './http/loopback-only.js';
import { countCommands, measureRequests, metricsRoute } from './http/metrics.js';
import { addOpenApi } from './http/openapi/add-openapi.js';
import { requirePlain } from './http/plain-requests.js';
import { problemRoutes } from './http/problem-routes.js';
import { refuseConditionsOnNew } from './http/refuse-conditions.js';
import { requestId } from './http/request-id.js';
import { logRequests } from './http/request-log.js';
import { RouteTable } from './http/route-table.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { validatorCompiler } from './http/validation.js';

export interface AppDeps {
  /** Null: nothing is logged. */
  readonly logger: FastifyBaseLogger | null;
  readonly version: string;
  readonly access: Access;
  readonly checks: readonly HealthCheck[];
  readonly metrics: Registry;
  readonly drain: Drain;
}

const BODY_BYTES = 1024 * 1024;
const HEADER_BYTES = 16 * 1024;

export async function buildApp(deps: AppDeps): Promise<App> {
  const { table, control, corsOrigins } = deps.access;
  const app = newApp(deps);
  // An expectation nobody knows is passed over; Node would answer it without a problem document.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.setValidatorCompiler(validatorCompiler);
  readJsonBodies(app);
  admitRequests(app, deps);
  endUnreadStreams(app);
  // Before the tables of routes: it adds OPTIONS for every path.
  if (corsOrigins.length > 0) await allowOrigins(app, corsOrigins);
  const answered = new Answered(app);
  const routes = new RouteTable(app);
  completeRoutes(app);
  await compressLists(app);
  requireEntries(app, table);
  answerProblems(app, routes);
  if (control) await guardRoutes(app, answered, control);
  refuseConditionsOnNew(app);
  logRequests(answered);
  measureRequests(answered, deps.metrics);
  countCommands(app, answered, deps.metrics);
  await addOpenApi(app, deps);
  healthRoutes(app, {
    checks: deps.checks,
    metrics: deps.metrics,
    showsDetails: ({ caller, routeOptions }) =>
      control === null || (routeOptions.config.access?.detailsFor ?? []).some((role) => role === caller.kind),
  });
  metricsRoute(app, deps.metrics);
  problemRoutes(app);
  return app;
}

function newApp({ logger, access: { trustProxy } }: AppDeps): App {
  const clientErrors = new ClientErrors();
  const app = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId,
    trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy,
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
  closeQueuedResponses(app.server);
  return app;
}

function admitRequests(app: App, { access: { control, corsOrigins }, drain }: AppDeps): void {
  app.decorateRequest('caller');
  app.decorateRequest('mayStill', null);
  app.decorateReply('problemCode', null);
  app.addHook('onRequest', (request, reply, done) => {
    request.caller = ANONYMOUS;
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    if (request.routeOptions.config.access?.isPersonal) reply.header('cache-control', 'no-store');
    try {
      drain.enter(reply);
      if (control === null) requireThisMachine(request, corsOrigins);
      requirePlain(request);
      requireAcceptable(request);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function requireThisMachine(request: FastifyRequest, corsOrigins: readonly string[]): void {
  try {
    requireLoopback(request.headers, corsOrigins);
  } catch (error) {
    logDenied(request, 'forbidden');
    throw error;
  }
}
