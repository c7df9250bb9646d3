import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafeSlow(8_192);
let used = pool.length;

/**
 * A few random bytes, at most 8 KiB, to be used before the next call. They are drawn for many at once: asking the system for each few
 * costs more than what they are for.
 */
export function randomness(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.subarray(used - bytes, used);
}
