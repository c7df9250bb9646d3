import type { FastifyReply, FastifyRequest } from 'fastify';
import { isNotModified } from './etag.js';
import { acceptsGzip } from './accept.js';
import type { PreparedAnswer } from './prepared-answer.js';

/** Sends a prepared answer, or 304 to whoever has it already. */
export function sendPrepared(request: FastifyRequest, reply: FastifyReply, answer: PreparedAnswer): FastifyReply {
  reply.header('etag', answer.etag).header('vary', 'accept-encoding').header('cache-control', 'no-cache');
  if (isNotModified(request.headers, answer.etag)) return reply.code(304).send();
  reply.header('content-type', 'application/json; charset=utf-8');
  if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(answer.identity);
  return reply.header('content-encoding', 'gzip').send(answer.gzip);
}
