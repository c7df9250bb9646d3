import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.js';

const HOST = /^(?:localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Without access control a page in the browser must not reach the application, neither from its own origin nor under a
 * name of its own that leads here. @throws Problem forbidden
 */
export function requireLoopback({ host, origin }: IncomingHttpHeaders): void {
  if (host === undefined || !HOST.test(host)) {
    throw new Problem('forbidden', 'Without access control Host must be localhost or a loopback address.');
  }
  if (origin !== undefined && !isOwnOrigin(origin)) {
    throw new Problem('forbidden', 'Without access control Origin must be localhost or a loopback address.');
  }
}

function isOwnOrigin(origin: string): boolean {
  const [, host = ''] = /^https?:\/\/(.*)$/i.exec(origin) ?? [];
  return HOST.test(host);
}
