import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { postgres } from '../engine/index.js';
import type { App } from './app-type.js';
import { AnsweredBefore, replay } from './idempotency/stored-response.js';
import { pathOf } from './path-of.js';
import { isForOperator, Problem, problemDocument, toProblem } from './problem.js';
import { problemKind, statusOf } from './problem-codes.js';
import type { RouteTable } from './route-table.js';
import { allFaults } from './validation.js';

/** Sends what an error means. The one place where a request ends other than well. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const problem = allFaults(request, toProblem(error));
  const { retryAfter } = problemKind(problem.code);
  const { kind } = request.routeOptions.config;
  reply.problemCode = problem.code;
  if (problem.code === 'internal-error' || isForOperator(error)) logDefect(request.log, error);
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  // Fastify would hang up when a body is not read to its end, and the sender never see the answer: read it instead.
  reply.removeHeader('connection');
  return reply
    .code(statusOf(problem.code, kind))
    .headers(problem.headers)
    .header('content-type', 'application/problem+json')
    .serializer(JSON.stringify)
    .send(problemDocument(problem, request.id, kind));
}

export function answerProblems(app: App, routes: RouteTable): void {
  const notServed = ({ url, method }: FastifyRequest): Problem => {
    const allowed = routes.methodsOf(pathOf(url));
    return allowed.length === 0 || allowed.includes(method)
      ? new Problem('route-not-found')
      : new Problem('method-not-allowed', undefined, [], { allow: allowed.join(', ') });
  };
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof AnsweredBefore) return replay(reply, error.response);
    // The body is read before the route is looked for. Its faults do not matter where nothing is served.
    return sendProblem(request, reply, request.is404 && isOfBody(toProblem(error)) ? notServed(request) : error);
  });
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, notServed(request)));
}

/** Of those that a path without a route can have. Its URL is read before, and has its own handler. */
function isOfBody({ code }: Problem): boolean {
  return ['invalid-request', 'malformed-json', 'payload-too-large', 'unsupported-media-type'].includes(code);
}

/** The database's own messages quote values; its code and the constraint say enough. */
function logDefect(log: FastifyBaseLogger, error: unknown): void {
  if (!(error instanceof Error)) {
    log.error({ error: { type: typeof error } }, 'unforeseen error');
    return;
  }
  const { code, constraint, table, severity } = error as Error & { readonly [field: string]: unknown };
  const cause = error.cause instanceof Error ? (error.cause as NodeJS.ErrnoException).code : undefined;
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const quotes = severity !== undefined && postgres.outageOf(error) === null && !postgres.isUndefinedName(error);
  const message = quotes ? undefined : error.message;
  log.error({ error: { type: error.name, message, code, constraint, table, cause, frames } }, titleOf(error));
}

function titleOf(error: Error): string {
  return isForOperator(error) ? 'a request failed for a reason that needs the operator' : 'unforeseen error';
}
