/** Lines about access: which key or role, which route by its template, and what came of it. No path, query or header. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemCode } from '../http/problem-codes.js';
import { claimedKeyId } from './credentials.js';

/** A request that access control refused. */
export function logDenied(request: FastifyRequest, code: ProblemCode): void {
  request.log.warn({ ...asked(request), code }, 'denied');
}

/** A call that few may make, when it has been answered. */
export function logPrivileged(request: FastifyRequest, reply: FastifyReply): void {
  request.log.info({ ...asked(request), status: reply.statusCode }, 'privileged call');
}

function asked(request: FastifyRequest): object {
  const { kind, id, keyId = claimedKeyId(request.headers.authorization) } = request.caller;
  const { method, routeOptions } = request;
  return {
    role: kind,
    ...(keyId !== undefined && { key_id: keyId }),
    // Of a token. A customer's is the id of a person.
    ...(keyId === undefined && kind !== 'customer' && kind !== 'anonymous' && { subject: id }),
    method,
    route: routeOptions.url ?? null,
  };
}
