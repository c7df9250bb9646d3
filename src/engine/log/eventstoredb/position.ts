import { type Position, START } from '../../core/event-store.js';

/** As the client types it; what arrives may be plain numbers all the same. */
export interface LogPosition {
  readonly commit: bigint | number | string;
  readonly prepare: bigint | number | string;
}

const DIGITS = 16;

/**
 * Positions of EventStoreDB: commit and prepare part in 16 hexadecimal digits each, so that pairs compare as strings. Both
 * are kept: by the commit part alone an event can be missed after a restart.
 */
export function positionOf({ commit, prepare }: LogPosition): Position {
  const first = hex(commit);
  // Of a single append both are the same.
  return (first + (prepare === commit ? first : hex(prepare))) as Position;
}

/** @throws RangeError for a position of another kind of log */
export function pairOf(position: Position): { readonly commit: bigint; readonly prepare: bigint } {
  if (position === START) return { commit: 0n, prepare: 0n };
  if (!/^[0-9a-f]{32}$/.test(position)) throw new RangeError(`${position} is no position of this log`);
  return { commit: BigInt(`0x${position.slice(0, DIGITS)}`), prepare: BigInt(`0x${position.slice(DIGITS)}`) };
}

/** What the client types as bigint may come as a number or as text. */
export function revisionOf(value: bigint | number | string): number {
  return Number(BigInt(value));
}

function hex(value: bigint | number | string): string {
  return BigInt.asUintN(64, BigInt(value)).toString(16).padStart(DIGITS, '0');
}
