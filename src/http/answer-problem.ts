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
  app.setErrorHandler((error, request, reply) =>
    error instanceof AnsweredBefore ? replay(reply, error.response) : sendProblem(request, reply, error),
  );
  app.setNotFoundHandler((request, reply) => {
    const allowed = routes.methodsOf(pathOf(request.url));
    const problem =
      allowed.length === 0 || allowed.includes(request.method)
        ? new Problem('route-not-found')
        : new Problem('method-not-allowed', undefined, [], { allow: allowed.join(', ') });
    return sendProblem(request, reply, problem);
  });
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
