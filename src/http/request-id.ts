import type { IncomingMessage } from 'node:http';
import { newId } from './new-id.js';

const SANE = /^[\w.:-]{1,128}$/;

/** The caller's `X-Request-Id` if it can be logged and sent back as it is, otherwise a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : newId();
}
