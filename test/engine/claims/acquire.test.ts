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
import type { RegisterUser } from '../../../src/user/commands.js';
import { registerUser } from '../../../src/user/register.js';
import { userStream } from '../../../src/user/stream.js';
import { beforeAppends } from '../../support/before-appends.js';
import { testContext } from '../../support/context.js';
import { MemoryVault } from '../../support/memory-vault.js';

const at = '2026-01-02T00:00:00.000Z';
const HOUR = 3_600_000;

interface World {
  readonly store: MemoryEventStore;
  readonly handler: CommandHandler;
  readonly claims: Claims;
}

function world(wrap: (store: EventStore) => EventStore = (store) => store): World {
  const store = new MemoryEventStore();
  return { store, ...claimsOver(new CommandHandler(wrap(store), new MemoryVault())) };
}

function claimsOver(handler: CommandHandler): Omit<World, 'store'> {
  const owners = claimOwners(handler, userStream, (user, hash) => user?.email_hash === hash);
  return { handler, claims: new ClaimProtocol(emailClaims, handler, owners) };
}

function registering(user_id = randomUUID(), email_hash = 'h1'): RegisterUser {
  const id_proof = { document_id: randomUUID(), bytes: 9, uploaded_at: at, sha256: 'aa', key: 'k' };
  return { type: 'RegisterUser', user_id, name: 'Ada', email: 'ada@example.org', email_hash, id_proof, at };
}

/** The time at which a claim made now is old. */
function later(): string {
  return new Date(Date.now() + HOUR).toISOString();
}

/** A store whose appends to streams of this kind die before they do anything. */
function dyingAt(prefix: string): (store: EventStore) => EventStore {
  return (store) =>
    beforeAppends(store, async (stream) => {
      if (stream.startsWith(prefix)) throw new Error('killed');
    });
}

async function typesOf(store: EventStore, stream: string): Promise<string[]> {
  const types: string[] = [];
  for await (const event of store.read(stream)) types.push(event.type);
  return types;
}

t.test(
  'twelve registrations with one address at once: one is registered, eleven are told that it is taken',
  async (t) => {
    const { handler, claims } = world();
    const answers = await Promise.allSettled(
      Array.from({ length: 12 }, () => registerUser(handler, claims, registering(), testContext())),
    );
    const codes = answers.map((a) => (a.status === 'fulfilled' ? 'ok' : (a.reason as Refusal).code));
    t.same(codes.sort(), [...Array<string>(11).fill('email-taken'), 'ok']);
  },
);

t.test('a pending claim is respected for a while, then taken over', async (t) => {
  const { store, handler, claims } = world();
  const lost = registering();
  const dying = new CommandHandler(dyingAt('user-')(store), handler.vault);
  await t.rejects(registerUser(dying, claims, lost, testContext()), /killed/);
  const next = registering();
  await t.rejects(registerUser(handler, claims, next, testContext()), { code: 'email-taken' });
  const { state } = await registerUser(handler, claims, next, testContext({ now: later() }));
  t.equal(state?.email_hash, 'h1');
  t.same(await typesOf(store, `user-${lost.user_id}`), ['ClaimAbandoned'], 'the revision of the lost one is spent');

  await t.test('a former owner can not confirm the claim any more', async (t) => {
    await t.rejects(registerUser(handler, claims, lost, testContext()), { code: 'email-taken' });
    t.same((await handler.load(userStream, lost.user_id)).state, null, 'and is an unknown user');
  });
});

t.test('a claim is not taken over before it is recorded that the old one is dead', async (t) => {
  const { store, handler, claims } = world();
  const lost = registering();
  const dying = claimsOver(new CommandHandler(dyingAt('user-')(store), handler.vault));
  await t.rejects(registerUser(dying.handler, claims, lost, testContext()), /killed/);
  const late = testContext({ now: later() });
  await t.rejects(registerUser(dying.handler, dying.claims, registering(), late), /killed/);
  t.same(await typesOf(store, 'userEmail-h1'), ['EmailClaimed'], 'the claim of the first');
});

t.test('a confirmed claim is never taken over, however old it is', async (t) => {
  const { handler, claims } = world();
  await registerUser(handler, claims, registering(), testContext());
  await t.rejects(registerUser(handler, claims, registering(), testContext({ now: later() })), { code: 'email-taken' });
});

for (const key of [undefined, 'k-renewal']) {
  t.test(`an owner whose revision was spent renews the claim and is registered, key ${key}`, async (t) => {
    const { store, handler, claims } = world();
    const mine = registering();
    const context = testContext(key === undefined ? {} : { key });
    await claims.acquire('h1', { stream: userStream.name(mine.user_id), revision: 0 }, context);
    const owners = claimOwners(handler, userStream, () => false);
    const claim = { claim_stream: 'userEmail-h1', claim_revision: 0 };
    await owners.abandon({ stream: userStream.name(mine.user_id), revision: 0 }, claim, testContext());
    const { state, revision } = await registerUser(handler, claims, mine, context);
    t.equal(state?.user_id, mine.user_id);
    t.equal(revision, 1);
    t.same(await typesOf(store, 'userEmail-h1'), ['EmailClaimed', 'EmailClaimed']);
  });
}

t.test(
  'a claim is given up by its owner only, and only if the owner has not confirmed it and can not any more',
  async (t) => {
    const { store, handler, claims } = world();
    const mine = registering();
    await registerUser(handler, claims, mine, testContext());
    await claims.release('h1', userStream.name(mine.user_id), testContext());
    await claims.release('h1', userStream.name(randomUUID()), testContext());
    const stream = userStream.name(mine.user_id);
    await claims.acquire('h2', { stream, revision: 0 }, testContext());
    await claims.acquire('h3', { stream, revision: 1 }, testContext());
    await claims.release('h2', userStream.name(randomUUID()), testContext());
    await claims.release('h3', stream, testContext());
    t.same(await typesOf(store, 'userEmail-h1'), ['EmailClaimed']);
    t.same(await typesOf(store, 'userEmail-h2'), ['EmailClaimed'], 'not confirmed, but of another owner');
    t.same(await typesOf(store, 'userEmail-h3'), ['EmailClaimed'], 'the revision that it names is still to come');
    await claims.release('h2', stream, testContext());
    t.same(await typesOf(store, 'userEmail-h2'), ['EmailClaimed', 'EmailReleased']);
  },
);

t.test('a claim that is renewed while it is being given up stays', async (t) => {
  const { store, handler, claims } = world();
  const mine = registering();
  const stream = userStream.name(mine.user_id);
  await registerUser(handler, claims, mine, testContext());
  await claims.acquire('h2', { stream, revision: 0 }, testContext());
  let renewed = false;
  const meanwhile = beforeAppends(store, async () => {
    if (!renewed) await claims.acquire('h2', { stream, revision: 1 }, testContext());
    renewed = true;
  });
  const slow = claimsOver(new CommandHandler(meanwhile, handler.vault));
  await slow.claims.release('h2', stream, testContext());
  t.same(await typesOf(store, 'userEmail-h2'), ['EmailClaimed', 'EmailClaimed']);
});

t.test('a store that fails is not taken for a claim that is held', async (t) => {
  const { handler, claims } = world(dyingAt('userEmail-'));
  await t.rejects(registerUser(handler, claims, registering(), testContext()), /killed/);
});

t.test('who is overtaken every time is told so in the end', async (t) => {
  const { store, claims } = world();
  const context = testContext({ now: later() });
  const overtaken = async (stream: string): Promise<void> => {
    if (!stream.startsWith('userEmail-')) return;
    await claims.acquire('h1', { stream: userStream.name(randomUUID()), revision: 0 }, testContext({ now: later() }));
  };
  const slow = claimsOver(new CommandHandler(beforeAppends(store, overtaken), new MemoryVault()));
  await t.rejects(registerUser(slow.handler, slow.claims, registering(), context), { code: 'revision-conflict' });
});

t.test('one command that claims for two owners at once has the claim for one of them', async (t) => {
  const { store, claims } = world();
  const context = testContext({ key: 'k-1' });
  const answers = await Promise.allSettled(
    ['user-a', 'user-b'].map((stream) => claims.acquire('h1', { stream, revision: 0 }, context)),
  );
  t.same(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.same(await typesOf(store, 'userEmail-h1'), ['EmailClaimed']);
});

t.test('the same keyed registration again is the same user, and finishes what a crash left', async (t) => {
  const { store, handler, claims } = world();
  const command = registering();
  const dying = new CommandHandler(dyingAt('user-')(store), handler.vault);
  await t.rejects(registerUser(dying, claims, command, testContext({ key: 'k-1' })), /killed/);
  const first = await registerUser(handler, claims, command, testContext({ key: 'k-1' }));
  const again = await registerUser(handler, claims, command, testContext({ key: 'k-1' }));
  t.equal(first.replayed, false);
  t.equal(again.replayed, true);
  t.same(again.state, first.state);
  t.same(await typesOf(store, 'userEmail-h1'), ['EmailClaimed']);
  const other = testContext({ key: 'k-1', fingerprint: 'other' });
  await t.rejects(registerUser(handler, claims, command, other), { code: 'idempotency-mismatch' });
});

t.test(
  'a changed address is claimed and the old one is free; a crash between is finished by the same command',
  async (t) => {
    const { store, handler, claims } = world();
    const command = registering();
    await registerUser(handler, claims, command, testContext());
    const change = { type: 'ChangeUserDetails', address: { email: 'b@example.org', email_hash: 'h2' }, at } as const;
    // Dies when the old address is to be released: the claim itself goes to another stream.
    const dying = claimsOver(new CommandHandler(dyingAt('userEmail-h1')(store), handler.vault));
    await t.rejects(changeUserDetails(dying.handler, dying.claims, command.user_id, change, testContext()), /killed/);
    t.same(await typesOf(store, 'userEmail-h1'), ['EmailClaimed'], 'left behind');
    const after = await changeUserDetails(handler, claims, command.user_id, change, testContext());
    t.equal(after.appended, 0);
    t.same(await typesOf(store, 'userEmail-h1'), ['EmailClaimed', 'EmailReleased']);
    const { state } = await registerUser(handler, claims, registering(), testContext());
    t.equal(state?.email_hash, 'h1');
  },
);

t.test('back to an earlier address: the claim is renewed and not released', async (t) => {
  const { handler, claims } = world();
  const command = registering();
  await registerUser(handler, claims, command, testContext());
  for (const email_hash of ['h2', 'h1', 'h2']) {
    const change = {
      type: 'ChangeUserDetails',
      address: { email: `${email_hash}@example.org`, email_hash },
      at,
    } as const;
    await changeUserDetails(handler, claims, command.user_id, change, testContext());
    await t.rejects(registerUser(handler, claims, registering(undefined, email_hash), testContext()), {
      code: 'email-taken',
    });
  }
});

t.test('whatever dies at any moment: never two users with one address, and the address is never lost', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 6 }),
      async (s, deaths) => {
        const { store, handler } = world();
        const users = deaths.map((death) => {
          // Dies at its n-th append, and every call to the store waits for its turn.
          let appends = 0;
          const slow = beforeAppends(store, async (stream) => {
            await s.schedule(Promise.resolve(), `append ${stream}`);
            if (++appends > death) throw new Error('killed');
          });
          const { handler: own, claims } = claimsOver(new CommandHandler(slow, handler.vault));
          const command = registering();
          // Every claim is old to everyone: takeovers happen all the time.
          return { command, run: () => registerUser(own, claims, command, testContext({ now: later() })) };
        });
        const running = Promise.allSettled(users.map((user) => user.run()));
        await s.waitFor(running);
        const answers = await running;
        const states = await Promise.all(users.map((user) => handler.load(userStream, user.command.user_id)));
        const bearers = states.filter(({ state }) => state?.email_hash === 'h1');
        if (bearers.length > 1) return false;
        const registered = answers.filter((answer) => answer.status === 'fulfilled');
        if (registered.length > bearers.length) return false;
        const { claims } = claimsOver(handler);
        const last = registerUser(handler, claims, registering(), testContext({ now: later() }));
        if (bearers.length === 1) return last.then(() => false, (error: unknown) => error instanceof Refusal && error.code === 'email-taken'); // prettier-ignore
        return (await last).state?.email_hash === 'h1';
      },
    ),
    { numRuns: 300 },
  );
  t.pass('300 schedules');
});
