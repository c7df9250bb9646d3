import { v7 } from 'uuid';
import { randomness } from '../crypto/randomness.js';

const BYTES = 16;

/** A UUIDv7. */
export function newId(): string {
  return v7({ random: randomness(BYTES) });
}
