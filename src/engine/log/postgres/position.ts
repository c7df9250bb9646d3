import { type Position, START } from '../../core/event-store.js';

const DIGITS = 16;

/** Positions of the Postgres log: the number in 16 hexadecimal digits, so that they compare as strings. */
export function positionOf(number: bigint): Position {
  return number === 0n ? START : (number.toString(16).padStart(DIGITS, '0') as Position);
}

export function numberOf(position: Position): bigint {
  return position === START ? 0n : BigInt(`0x${position}`);
}
