import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from './problem.js';

const BARE = /^[\x21\x23-\x7e][\x21-\x7e]{0,254}$/;
const QUOTED = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/;
const LONGEST = 255;

/**
 * The caller's name for this attempt, null if it gave none. Bare or as a quoted string: both forms name the same.
 * @throws Problem invalid-request
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
  const text = headers['idempotency-key'];
  if (text === undefined) return null;
  if (typeof text === 'string') {
    if (BARE.test(text)) return text;
    const key = QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1');
    if (key !== undefined && key.length <= LONGEST) return key;
  }
  throw invalid('header.idempotency-key', 'is not 1 to 255 visible ASCII characters, bare or as a quoted string');
}
