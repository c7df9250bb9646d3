import type { FastifyRequest } from 'fastify';
import { listElements } from './header-list.js';
import { invalid, Problem } from './problem.js';
import { changes } from './route-kind.js';

/** Node keeps the first of two, and a proxy in front may have read the second. */
const ONCE = new Set(['host', 'content-type', 'content-length', 'authorization']);

/**
 * Refuses a request that can be read in two ways, and a body in a coding that is not undone here.
 * @throws Problem invalid-request, unsupported-media-type
 */
export function requirePlain({ raw, routeOptions }: FastifyRequest): void {
  const { rawHeaders, headers } = raw;
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) throw invalid(`header.${name}`, 'is given twice');
    seen.add(name);
  }
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    throw invalid('header.transfer-encoding', 'is not chunked');
  }
  const coding = headers['content-encoding'];
  if (coding === undefined || !changes(routeOptions.config.kind)) return;
  const hasBody = transfer !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (hasBody && listElements(coding).some((one) => one.toLowerCase() !== 'identity')) {
    const detail = 'The body has a content coding: send it without Content-Encoding.';
    throw new Problem('unsupported-media-type', detail, [], { 'accept-encoding': 'identity' });
  }
}
