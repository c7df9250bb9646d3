import type { Envelope, Fact } from './message.js';

/**
 * All rules of one thing, pure: `decide` says what happens (or throws a Refusal), `evolve` what is so afterwards.
 * Neither knows time, randomness or storage; what they need of it travels in the command and in the envelope.
 */
export interface Decider<State, Command, F extends Fact> {
  readonly initialState: State;
  readonly decide: (state: State, command: Command) => readonly F[];
  readonly evolve: (state: State, event: Envelope<F>) => State;
}

/** The state after all the events, in order. */
export function fold<State, F extends Fact>(
  decider: Pick<Decider<State, never, F>, 'initialState' | 'evolve'>,
  events: Iterable<Envelope<F>>,
): State {
  let state = decider.initialState;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
