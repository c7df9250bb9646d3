import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { ClaimProtocol } from '../../../src/engine/claims/acquire.js';
import { emailClaims } from '../../../src/user/claims.js';
import { claimOwners, type Claims } from '../../../src/engine/claims/claims.js';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import { Refusal } from '../../../src/engine/core/errors.js';
import type { EventStore } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { changeUserDetails } from '../../../src/user/change-details.js';
import { registerUser } from '../../../src/user/register.js';
import { userStream } from '../../../src/user/stream.js';
import { testContext } from '../../support/context.js';
import { MemoryVault } from '../../support/memory-vault.js';

const at = '2026-01-02T00:00:00.000Z';
const ADDRESSES = ['h0', 'h1', 'h2'];

/** The time at which a claim made now is old: takeovers happen all the time. */
const later = (): string => new Date(Date.now() + 3_600_000).toISOString();

function claimsOf(handler: CommandHandler): Claims {
  const owners = claimOwners(handler, userStream, (user, hash) => user?.email_hash === hash);
  return new ClaimProtocol(emailClaims, handler, owners);
}

function register(handler: CommandHandler, user_id: string, email_hash: string): Promise<unknown> {
  const id_proof = { document_id: randomUUID(), bytes: 9, uploaded_at: at, sha256: 'aa', key: 'k' };
  const user = { user_id, name: 'Ada', email: `${email_hash}@example.org`, email_hash, id_proof, at };
  return registerUser(handler, claimsOf(handler), { type: 'RegisterUser', ...user }, testContext({ now: later() }));
}

function change(handler: CommandHandler, userId: string, email_hash: string): Promise<unknown> {
  const address = { email: `${email_hash}@example.org`, email_hash };
  const command = { type: 'ChangeUserDetails', address, at } as const;
  return changeUserDetails(handler, claimsOf(handler), userId, command, testContext({ now: later() }));
}

/** Waits for its turn at every append, and dies at the n-th: before it has an effect, or after. */
function mortal(store: EventStore, s: fc.Scheduler, dies: { at: number; after: boolean }): EventStore {
  let appends = 0;
  return new Proxy(store, {
    get: (target, name) => {
      if (name !== 'append') return (target[name as keyof EventStore] as (...a: unknown[]) => unknown).bind(target);
      return async (...args: Parameters<EventStore['append']>) => {
        await s.schedule(Promise.resolve(), `append ${args[0]}`);
        const last = appends++ === dies.at;
        if (last && !dies.after) throw new Error('killed');
        const result = await target.append(...args);
        if (last) throw new Error('killed');
        return result;
      };
    },
  });
}

/** Who changes one user's address again and again; two of them may have the same user. */
const clients = fc.array(
  fc.record({
    user: fc.nat(1),
    changes: fc.array(
      fc.record({
        address: fc.constantFrom(...ADDRESSES),
        dies: fc.record({ at: fc.oneof(fc.constant(-1), fc.nat(4)), after: fc.boolean() }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { minLength: 2, maxLength: 4 },
);

t.test(
  'addresses changed at once, whatever dies at any moment: no two users with one address, and none is lost',
  { timeout: 60_000 },
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), clients, async (s, all) => {
        const store = new MemoryEventStore();
        const handler = new CommandHandler(store, new MemoryVault());
        const users = [randomUUID(), randomUUID()];
        for (const [i, user] of users.entries()) await register(handler, user, ADDRESSES[i] as string);
        const running = Promise.all(
          all.map(async ({ user, changes }) => {
            for (const { address, dies } of changes) {
              const own = new CommandHandler(mortal(store, s, dies), handler.vault);
              await change(own, users[user] as string, address).catch((error: unknown) => {
                if (!(error instanceof Refusal) && (error as Error).message !== 'killed') throw error;
              });
            }
          }),
        );
        await s.waitFor(running);
        for (const address of ADDRESSES) {
          const states = await Promise.all(users.map((user) => handler.load(userStream, user)));
          const bearers = states.filter(({ state }) => state?.email_hash === address);
          if (bearers.length > 1) return false;
          const answer = await register(handler, randomUUID(), address).then(
            () => 'free',
            (error: unknown) => (error as Refusal).code,
          );
          if (answer !== (bearers.length === 1 ? 'email-taken' : 'free')) return false;
        }
        return true;
      }),
      { numRuns: 400 },
    );
    t.pass('400 schedules');
  },
);

/** Holds back the first append of a type: `reached` when it is about to be made, made after `goOn`. */
function holding(store: EventStore, type: string): { store: EventStore; reached: Promise<void>; goOn: () => void } {
  let reach = (): void => undefined;
  let goOn = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const holding = new Proxy(store, {
    get: (target, name) => {
      if (name !== 'append') return (target[name as keyof EventStore] as (...a: unknown[]) => unknown).bind(target);
      return async (...args: Parameters<EventStore['append']>) => {
        if (args[1][0]?.type === type) {
          reach();
          await held;
        }
        return target.append(...args);
      };
    },
  });
  return { store: holding, reached, goOn: () => goOn() };
}

t.test('the release of an old address does not take it from a change that is going back to it', async (t) => {
  const store = new MemoryEventStore();
  const handler = new CommandHandler(store, new MemoryVault());
  const user = randomUUID();
  await register(handler, user, 'h0');
  const first = holding(store, 'EmailReleased');
  const away = change(new CommandHandler(first.store, handler.vault), user, 'h1');
  await first.reached;
  const second = holding(store, 'UserDetailsChanged');
  const back = change(new CommandHandler(second.store, handler.vault), user, 'h0');
  await second.reached;
  first.goOn();
  await away;
  second.goOn();
  await back;
  t.equal((await handler.load(userStream, user)).state?.email_hash, 'h0');
  await t.rejects(register(handler, randomUUID(), 'h0'), { code: 'email-taken' });
});

t.test('a change that an erasure overtakes gives the address back that it has claimed', async (t) => {
  const store = new MemoryEventStore();
  const handler = new CommandHandler(store, new MemoryVault());
  const user = randomUUID();
  await register(handler, user, 'h0');
  const held = holding(store, 'UserDetailsChanged');
  const changed = change(new CommandHandler(held.store, handler.vault), user, 'h1');
  await held.reached;
  await handler.execute(userStream, user, { type: 'EraseUser', at }, testContext());
  held.goOn();
  await t.rejects(changed, { code: 'user-erased' });
  const context = testContext({ now: new Date().toISOString() });
  await claimsOf(handler).acquire('h1', { stream: userStream.name(randomUUID()), revision: 0 }, context);
  t.pass('another has it at once');
});
