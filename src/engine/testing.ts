/** What tests of an application over the engine need: rules in plain words, a log and a vault in memory. Public, as index.ts is. */
import { randomUUID } from 'node:crypto';
import type { CommandContext } from './core/stream-access.js';
import { type Decider, fold } from './core/decider.js';
import { Refusal } from './core/errors.js';
import type { Position } from './core/event-store.js';
import type { Envelope, Fact } from './core/message.js';
import { type Sealed, type SealedContext, Unopened, type Vault } from './core/vault.js';

/** The log in memory. Commands run on it without a database. */
export { MemoryEventStore } from './log/memory.js';

/** The assertions that `given` needs. Those of tap fit. */
export interface Assertions {
  same(found: unknown, wanted: unknown, message: string): unknown;
  equal(found: unknown, wanted: unknown, message: string): unknown;
}

export interface Given<Command, F extends Fact> {
  /** What the decider decides, and that the same command sent again changes nothing (or is refused, if so said). */
  when(command: Command): { then(facts: readonly F[], again?: string): void; refused(code: string): void };
}

/** Given these facts, when this command comes, then these facts follow. */
export function given<State, Command, F extends Fact>(
  t: Assertions,
  decider: Decider<State, Command, F>,
  facts: readonly F[],
): Given<Command, F> {
  const state = fold(decider, recorded(facts));
  return {
    when: (command) => ({
      then(expected, again): void {
        const decided = decider.decide(state, command);
        t.same(decided, expected, 'decided');
        const after = fold(decider, recorded([...facts, ...decided]));
        if (again === undefined) {
          t.same(decider.decide(after, command), [], 'sent again, it changes nothing');
          return;
        }
        const code = codeOf(() => decider.decide(after, command));
        t.equal(code, again, 'sent again');
      },
      refused(code): void {
        const found = codeOf(() => decider.decide(state, command));
        t.equal(found, code, 'refused');
      },
    }),
  };
}

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
      actor: { kind: 'test', id: 't-1' },
    },
  }));
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

/** Event ids of keyed commands: the same in every context of the same key. */
const keyedIds = new Map<string, string>();

/** What the edge would know of a command. With `key` the command is a keyed one, and its event ids follow from the key. */
export function testContext(over: Partial<CommandContext> & { readonly key?: string } = {}): CommandContext {
  const { key, ...rest } = over;
  return {
    commandId: key ?? randomUUID(),
    fingerprint: 'same',
    correlationId: 'test',
    actor: { kind: 'test', id: 't-1' },
    now: new Date().toISOString(),
    keyed: key !== undefined,
    eventId: (stream, index) => {
      if (key === undefined) return randomUUID();
      const place = `${key} ${stream} ${index}`;
      const id = keyedIds.get(place) ?? randomUUID();
      keyedIds.set(place, id);
      return id;
    },
    ...rest,
  };
}

/**
 * A vault in memory. It hides nothing: its sealed form is the text beside its place, encoded. A text opens in its place alone, and
 * reads as null once the owner's key is destroyed, as with a real vault.
 */
export class MemoryVault implements Vault {
  /** By owner; false once the key is destroyed. */
  readonly #keys = new Map<string, boolean>();

  async seal(owner: string, place: SealedContext & { readonly eventId: string }, text: string): Promise<Sealed> {
    await this.createKeys([owner]);
    if (!this.#keys.get(owner)) throw new Refusal('key-destroyed', `The key of ${owner} has been destroyed.`);
    return `1.${Buffer.from(JSON.stringify([owner, place, text])).toString('base64url')}` as Sealed;
  }

  async open(owner: string, place: SealedContext, sealed: Sealed): Promise<string | null> {
    const key = this.#keys.get(owner);
    if (key === undefined) throw new Unopened(`there is no key of ${owner}`);
    if (!key) return null;
    const [of, there, text] = JSON.parse(Buffer.from(sealed.slice(2), 'base64url').toString()) as [
      string,
      SealedContext,
      string,
    ];
    const isThere = there.stream === place.stream && there.field === place.field;
    if (of !== owner || !isThere || (place.eventId !== undefined && there.eventId !== place.eventId)) {
      throw new Unopened(`the sealed text in ${place.stream}, ${place.field}, was sealed elsewhere`);
    }
    return text;
  }

  prefetch(): Promise<void> {
    return Promise.resolve();
  }

  async createKeys(owners: readonly string[]): Promise<void> {
    for (const owner of owners) if (!this.#keys.has(owner)) this.#keys.set(owner, true);
  }

  /** What was sealed for the owner reads as null from now on. */
  destroy(owner: string): void {
    this.#keys.set(owner, false);
  }
}
