import type { FastifyReply, FastifyRequest } from 'fastify';
import { prefersGzip, varyByEncoding } from './accept.js';
import { isNotModified } from './etag.js';
import type { PreparedAnswer } from './prepared-answer.js';

/** Sends a prepared answer, or 304 to a caller that has it in this form already. */
export function sendPrepared(request: FastifyRequest, reply: FastifyReply, answer: PreparedAnswer): FastifyReply {
  const isGzip = prefersGzip(request.headers['accept-encoding']);
  const { etag, bytes } = isGzip ? answer.gzip : answer.identity;
  varyByEncoding(reply);
  reply.header('etag', etag).header('cache-control', 'no-cache');
  if (isNotModified(request.headers, etag)) return reply.code(304).send();
  reply.header('content-type', 'application/json; charset=utf-8');
  if (isGzip) reply.header('content-encoding', 'gzip');
  return reply.send(bytes);
}
