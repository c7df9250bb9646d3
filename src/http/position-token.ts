import { createHash } from 'node:crypto';
import { type Position, Refusal } from '../engine/index.js';

const CHECK_BYTES = 8;

/**
 * Positions in one log as opaque tokens; every process that serves the log writes and reads the same. Only our own client looks into one, to
 * tell which of two is later (clients/typescript/src/later.ts).
 */
export class PositionTokens {
  readonly #logId: string;

  constructor(logId: string) {
    this.#logId = logId;
  }

  encode(position: Position): string {
    return Buffer.concat([this.#check(position), Buffer.from(position, 'utf8')]).toString('base64url');
  }

  /** @throws Refusal invalid-log-position when it can't be read or is of another log */
  decode(token: string): Position {
    const bytes = Buffer.from(token, 'base64url');
    const position = bytes.toString('utf8', CHECK_BYTES) as Position;
    if (this.encode(position) !== token) {
      throw new Refusal('invalid-log-position', 'The log position can not be read, or it is of another log.');
    }
    return position;
  }

  /** Tells the log, and damage; not a secret. */
  #check(position: Position): Buffer {
    return createHash('sha256').update(`${this.#logId} ${position}`).digest().subarray(0, CHECK_BYTES);
  }
}
