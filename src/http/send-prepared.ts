import type { FastifyReply, FastifyRequest } from 'fastify';
import { prefersGzip } from './accept.js';
import { isNotModified } from './etag.js';
import type { PreparedAnswer } from './prepared-answer.js';

/** Sends a prepared answer, or 304 to a caller that has it in this form already. */
export function sendPrepared(request: FastifyRequest, reply: FastifyReply, answer: PreparedAnswer): FastifyReply {
  const isGzip = prefersGzip(request.headers['accept-encoding']);
  const { etag, bytes } = isGzip ? answer.gzip : answer.identity;
  // Where pages of other origins may call, the answer varies with the origin already.
  const vary = [reply.getHeader('vary'), 'accept-encoding'].filter((one) => one !== undefined).join(', ');
  reply.header('etag', etag).header('vary', vary).header('cache-control', 'no-cache');
  if (isNotModified(request.headers, etag)) return reply.code(304).send();
  reply.header('content-type', 'application/json; charset=utf-8');
  if (isGzip) reply.header('content-encoding', 'gzip');
  return reply.send(bytes);
}
