import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.js';

const HOST = /^(?:localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
/** Browsers leave it out; other clients may send it. */
const DEFAULT_PORT = /:80$/;

/**
 * Without access control a page in the browser must not reach the application, neither under a name of its own that leads here nor
 * from another server, though that server runs on this machine.
 * @param allowed origins whose pages may call all the same
 * @throws Problem forbidden
 */
export function requireLoopback({ host, origin }: IncomingHttpHeaders, allowed: readonly string[]): void {
  if (host === undefined || !HOST.test(host)) {
    throw new Problem('forbidden', 'Without access control Host must be localhost or a loopback address.');
  }
  if (origin === undefined || allowed.includes(origin)) return;
  const own = `http://${host}`;
  if (comparable(origin) === comparable(own)) return;
  const detail = `Without access control Origin must be ${own}, or an origin of this machine that CORS_ORIGINS names.`;
  throw new Problem('forbidden', detail);
}

function comparable(origin: string): string {
  return origin.toLowerCase().replace(DEFAULT_PORT, '');
}
