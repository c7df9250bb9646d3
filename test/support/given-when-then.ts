import type { Test } from 'tap';
import { type Decider, fold } from '../../src/engine/core/decider.js';
import { Refusal } from '../../src/engine/core/errors.js';
import type { Position } from '../../src/engine/core/event-store.js';
import type { Envelope, Fact } from '../../src/engine/core/message.js';

/** Puts facts into envelopes as if they had been recorded, one after the other, in one stream. */
export function recorded<F extends Fact>(facts: readonly F[], firstRevision = 0): Envelope<F>[] {
  return facts.map((fact, i) => ({
    ...fact,
    id: `00000000-0000-7000-8000-${String(firstRevision + i).padStart(12, '0')}`,
    stream: 'test-1',
    revision: firstRevision + i,
    position: String(firstRevision + i).padStart(16, '0') as Position,
    recordedAt: '2026-01-01T00:00:00.000Z',
    metadata: {
      schema_version: 1,
      command_id: '00000000-0000-7000-8000-000000000000',
      fingerprint: 'f',
      correlation_id: 'c',
      causation_id: 'c',
      actor: { kind: 'clerk', id: 'k-1' },
    },
  }));
}

export interface Given<Command, F extends Fact> {
  /** What the decider decides, and that the same command sent again changes nothing (or is refused, if so said). */
  when(command: Command): { then(facts: readonly F[], again?: string): void; refused(code: string): void };
}

/** Given these facts, when this command comes, then these facts follow. */
export function given<State, Command, F extends Fact>(
  t: Test,
  decider: Decider<State, Command, F>,
  facts: readonly F[],
): Given<Command, F> {
  const state = fold(decider, recorded(facts));
  return {
    when: (command) => ({
      then(expected, again): void {
        const decided = decider.decide(state, command);
        t.same(decided, expected);
        const after = fold(decider, recorded([...facts, ...decided]));
        if (again)
          t.equal(
            codeOf(() => decider.decide(after, command)),
            again,
            'sent again',
          );
        else t.same(decider.decide(after, command), [], 'sent again, it changes nothing');
      },
      refused(code): void {
        t.equal(
          codeOf(() => decider.decide(state, command)),
          code,
        );
      },
    }),
  };
}

/** The code of the refusal that a call ends with; null when it is not refused. */
export function codeOf(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
