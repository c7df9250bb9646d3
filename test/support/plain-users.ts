import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { UserAnswer } from '../../src/user/answer.js';
import type { Sealed } from '../../src/engine/core/vault.js';
import { userEvents } from '../../src/user/events.js';
import type { MemoryVault } from './memory-vault.js';
import type { TestLog } from './project.js';

type StoredIdProof = ReturnType<(typeof userEvents)['IdProofReplaced']['schema']['parse']>['id_proof'];

/** What happens, with a number that chooses the user it happens to. */
export interface UserStep {
  readonly kind: 'register' | 'change' | 'replace-proof' | 'erase' | 'abandon';
  readonly choice: number;
  /** Few, so that many things happen at the same time; not in the order of the log. */
  readonly day: number;
  readonly name: string;
  readonly proven: boolean;
}

export const userSteps: fc.Arbitrary<UserStep[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('register', 'register', 'register', 'change', 'replace-proof', 'erase', 'abandon'),
    choice: fc.nat(1000),
    day: fc.integer({ min: 1, max: 5 }),
    name: fc.string({ minLength: 1, unit: 'binary' }),
    proven: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30, size: 'max' },
);

/** Users in a plain array; records in the log whatever happens to them. The hash of an address is made up. */
export class UsersInTheLog {
  readonly #users: UserAnswer[] = [];

  constructor(
    readonly log: TestLog,
    readonly vault: MemoryVault,
  ) {}

  /** Carries the step out, if it is possible now. */
  async carryOut({ kind, choice, day, name, proven }: UserStep): Promise<void> {
    const at = `2026-01-0${day}T00:00:00.000Z`;
    const user = this.#users[choice % Math.max(this.#users.length, 1)];
    if (kind === 'register') await this.register(at, name, `${choice}@example.org`, proven);
    else if (user && kind === 'abandon') this.#abandon(user.user_id);
    else if (user?.status === 'active') {
      if (kind === 'change') await this.change(user.user_id, at, name, `${choice}@example.org`);
      else if (kind === 'erase') this.erase(user.user_id, at);
      else await this.#replaceProof(user.user_id, at);
    }
  }

  async register(registered_at: string, name: string, email: string, proven: boolean): Promise<string> {
    const user_id = randomUUID();
    const id_proof = proven ? await this.#proof(user_id, registered_at) : null;
    const sealed = await this.#details(user_id, name, email);
    this.log.add(`user-${user_id}`, userEvents.UserRegistered, { user_id, ...sealed, id_proof, registered_at });
    this.#users.push({
      ...{ user_id, name, email, status: 'active', id_proof: shown(id_proof) },
      ...{ registered_at, updated_at: registered_at, revision: 0 },
    });
    return user_id;
  }

  async change(user_id: string, changed_at: string, name: string, email: string): Promise<void> {
    const sealed = await this.#details(user_id, name, email);
    this.log.add(`user-${user_id}`, userEvents.UserDetailsChanged, { user_id, ...sealed, changed_at });
    this.#follow(user_id, { name, email, updated_at: changed_at });
  }

  erase(user_id: string, erased_at: string): void {
    this.log.add(`user-${user_id}`, userEvents.UserErased, { user_id, email_claim: 'userEmail-x', erased_at });
    this.#follow(user_id, { status: 'erased', name: null, email: null, id_proof: null, updated_at: erased_at });
  }

  documentOf(userId: string): string | undefined {
    return this.#users.find((user) => user.user_id === userId)?.id_proof?.document_id;
  }

  /** Latest registration first; of the same time, the last recorded first. */
  newest(): UserAnswer[] {
    return [...this.#users].reverse().sort((a, b) => Date.parse(b.registered_at) - Date.parse(a.registered_at));
  }

  #abandon(userId: string): void {
    this.log.add(`user-${userId}`, userEvents.ClaimAbandoned, { claim_stream: 'userEmail-x', claim_revision: 0 });
    this.#follow(userId, {});
  }

  async #replaceProof(user_id: string, replaced_at: string): Promise<void> {
    const id_proof = await this.#proof(user_id, replaced_at);
    this.log.add(`user-${user_id}`, userEvents.IdProofReplaced, { user_id, id_proof, replaced_at });
    this.#follow(user_id, { id_proof: shown(id_proof), updated_at: replaced_at });
  }

  #follow(userId: string, changed: Partial<UserAnswer>): void {
    const index = this.#users.findIndex((user) => user.user_id === userId);
    const user = this.#users[index];
    if (!user) throw new Error(`no user ${userId}`);
    this.#users[index] = { ...user, ...changed, revision: user.revision + 1 };
  }

  async #details(
    userId: string,
    name: string,
    email: string,
  ): Promise<{ name: Sealed; email: Sealed; email_hash: string }> {
    return {
      name: await this.#seal(userId, 'name', name),
      email: await this.#seal(userId, 'email', email),
      email_hash: `hash of ${email}`,
    };
  }

  async #proof(userId: string, uploaded_at: string): Promise<StoredIdProof> {
    const sha256 = await this.#seal(userId, 'id_proof.sha256', 'digest');
    const key = await this.#seal(userId, 'id_proof.key', 'document key');
    return { document_id: randomUUID(), bytes: 1234, uploaded_at, sha256, key };
  }

  #seal(userId: string, field: string, text: string): Promise<Sealed> {
    return this.vault.seal(userId, { stream: `user-${userId}`, field, eventId: randomUUID() }, text);
  }
}

function shown(proof: StoredIdProof | null): UserAnswer['id_proof'] {
  if (!proof) return null;
  const { document_id, bytes, uploaded_at } = proof;
  return { document_id, sha256: 'digest', bytes, uploaded_at };
}
