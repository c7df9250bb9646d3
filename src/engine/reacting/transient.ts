import { EventStoreUnavailable, Refusal, WrongExpectedRevision } from '../core/errors.js';
import { isUnavailable } from '../postgres/errors.js';
import { isOfTheMachine } from '../quarantine/quarantine.js';

/** Refusals that say "not now" rather than "no". */
export const NOT_NOW = ['revision-conflict', 'read-model-behind', 'overloaded'];

/** Whether another try may succeed: a server is away, the machine is short of something, or others were faster. */
export function isTransient(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof EventStoreUnavailable || one instanceof WrongExpectedRevision) return true;
    if (one instanceof Refusal && NOT_NOW.includes(one.code)) return true;
    if (isUnavailable(one) || isOfTheMachine(one)) return true;
  }
  return false;
}
