import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.js';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Without access control a page in the browser must not reach the application, neither from its own origin nor under a
 * name of its own that leads here. @throws Problem forbidden
 */
export function requireLoopback({ host, origin }: IncomingHttpHeaders): void {
  if (host === undefined || !LOOPBACK.test(host)) {
    throw new Problem('forbidden', 'Without access control Host must be localhost or a loopback address.');
  }
  if (origin !== undefined && !LOOPBACK.test(origin.replace(/^https?:\/\//i, ''))) {
    throw new Problem('forbidden', 'Without access control Origin must be localhost or a loopback address.');
  }
}
