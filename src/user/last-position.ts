import type { Outcome, Position } from '../engine/index.js';
import type { UserState } from './decider.js';

/** The outcome of a command that may have recorded an event later, in another stream: its position is that of the last one. */
export function withLater(outcome: Outcome<UserState>, position: Position | null): Outcome<UserState> {
  return position !== null && position > outcome.position ? { ...outcome, position } : outcome;
}
