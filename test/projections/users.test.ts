import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { users as projection } from '../../projections/users/projection.js';
import { type UserKey, Users } from '../../projections/users/read-model.js';
import { productEvents } from '../../src/product/events.js';
import { userEvents } from '../../src/user/events.js';
import { MemoryVault } from '../support/memory-vault.js';
import { UsersInTheLog, userSteps } from '../support/plain-users.js';
import { pagesOf } from '../support/reading.js';
import { servedModel } from '../support/served-model.js';

const at = '2026-01-02T03:04:05.678Z';
const later = '2026-01-03T00:00:00.000Z';

t.test('one event makes a user, a second one changes it', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, projection);
  const users = new Users(served.model, vault);
  const log = new UsersInTheLog(served.log, vault);
  const user_id = await log.register(at, 'Ada', 'ada@example.org', true);
  await served.catchUp();
  const id_proof = { document_id: log.documentOf(user_id), sha256: 'digest', bytes: 1234, uploaded_at: at };
  const registered = {
    ...{ user_id, name: 'Ada', email: 'ada@example.org', status: 'active', id_proof },
    ...{ registered_at: at, updated_at: at, revision: 0 },
  };
  t.strictSame(await users.user(user_id), {
    position: served.log.events.at(-1)?.position,
    ...{ degraded: 0, builds: String(projection.version) },
    user: registered,
  });
  const { document_id, sha256, bytes } = id_proof;
  t.strictSame((await users.idProof(user_id)).idProof, { document_id, key: 'document key', sha256, bytes });

  await log.change(user_id, later, 'Ada L.', 'ada@example.com');
  await served.catchUp();
  const changed = { ...registered, name: 'Ada L.', email: 'ada@example.com', updated_at: later, revision: 1 };
  t.strictSame((await users.user(user_id)).user, changed);
  t.equal((await users.user(randomUUID())).user, null, 'an unknown user is null');
});

t.test('a page that comes twice changes nothing, and what it does not know is passed over', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, projection);
  const log = new UsersInTheLog(served.log, vault);
  await log.change(await log.register(at, 'Ada', 'ada@example.org', false), later, 'Ada', 'a@example.org');
  served.log.add('product-1', productEvents.ProductRetired, { product_id: 1, retired_at: at });
  await served.catchUp();
  const rows = await served.projected.rows();
  await served.projected.apply(served.log.events);
  t.same(await served.projected.rows(), rows);
});

t.test('an event of a user who was never registered can not be applied', async (t) => {
  const served = await servedModel(t, projection);
  const user_id = randomUUID();
  served.log.add(`user-${user_id}`, userEvents.UserErased, { user_id, email_claim: 'userEmail-x', erased_at: at });
  await t.rejects(served.catchUp(), /has not been registered/);
});

t.test('an abandoned claim moves the revision of a user, and alone makes no user', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, projection);
  const users = new Users(served.model, vault);
  const log = new UsersInTheLog(served.log, vault);
  const abandoned = { claim_stream: 'userEmail-x', claim_revision: 0 };
  const nobody = randomUUID();
  served.log.add(`user-${nobody}`, userEvents.ClaimAbandoned, abandoned);
  served.log.add('product-1', productEvents.ClaimAbandoned, abandoned);
  const user_id = await log.register(at, 'Ada', 'ada@example.org', false);
  served.log.add(`user-${user_id}`, userEvents.ClaimAbandoned, abandoned);
  served.log.add('product-1', productEvents.ClaimAbandoned, abandoned);
  await served.catchUp(2);
  t.equal((await users.user(nobody)).user, null);
  const { user } = await users.user(user_id);
  t.equal(user?.revision, 1);
  t.equal(user?.updated_at, at, 'the user has not changed');
});

t.test('an e-mail address finds who has it now, and nobody who had it', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, projection);
  const users = new Users(served.model, vault);
  const log = new UsersInTheLog(served.log, vault);
  const ada = await log.register(at, 'Ada', 'ada@example.org', false);
  const eve = await log.register(at, 'Eve', 'eve@example.org', false);
  await log.change(ada, later, 'Ada', 'new@example.org');
  log.erase(eve, later);
  await served.catchUp();
  const found = async (email: string): Promise<string[]> =>
    (await users.byEmail(`hash of ${email}`)).users.map((user) => user.user_id);
  t.same(await found('new@example.org'), [ada]);
  t.same(await found('ada@example.org'), []);
  t.same(await found('eve@example.org'), []);
});

t.test('an erased user is shown without anything personal, and stays in the list', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, projection);
  const users = new Users(served.model, vault);
  const log = new UsersInTheLog(served.log, vault);
  const user_id = await log.register(at, 'Ada', 'ada@example.org', true);
  log.erase(user_id, later);
  await served.catchUp();
  const erased = {
    ...{ user_id, name: null, email: null, status: 'erased', id_proof: null },
    ...{ registered_at: at, updated_at: later, revision: 1 },
  };
  t.strictSame((await users.newest({ limit: 5 })).users, [erased]);
  const { users: rows } = await served.projected.rows();
  t.match(rows, [{ name: null, email: null, email_hash: null, id_proof: null }], 'nor is it in the row');
  t.equal((await users.idProof(user_id)).idProof, null);
});

t.test('personal fields are sealed in the rows, and null once the key is gone', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, projection);
  const users = new Users(served.model, vault);
  const log = new UsersInTheLog(served.log, vault);
  const user_id = await log.register(at, 'Ada Lovelace', 'ada@example.org', true);
  await served.catchUp();
  const { users: rows } = await served.projected.rows();
  const personal = JSON.stringify(rows).replaceAll('hash of ada@example.org', '');
  t.notMatch(personal, /Ada Lovelace|ada@example|digest|document key/);
  vault.destroy(user_id);
  t.match((await users.user(user_id)).user, { name: null, email: null, id_proof: null, status: 'active' });
  t.equal((await users.idProof(user_id)).idProof, null);
});

t.test('a list loads the keys of its users in one go', async (t) => {
  const vault = new MemoryVault();
  const served = await servedModel(t, projection);
  const log = new UsersInTheLog(served.log, vault);
  const registered = [];
  for (const name of ['Ada', 'Eve', 'Bo']) registered.push(await log.register(at, name, `${name}@example.org`, false));
  await served.catchUp();
  const loads: (readonly string[])[] = [];
  const seen = Object.assign(vault, { prefetch: (owners: readonly string[]) => Promise.resolve(loads.push(owners)) });
  await new Users(served.model, seen).newest({ limit: 2 });
  t.same(loads, [registered.slice(1).reverse()]);
});

t.test('rows and lists are those of a plain model, whatever the history and the pages it comes in', async (t) => {
  const served = await servedModel(t, projection);
  const vault = new MemoryVault();
  const users = new Users(served.model, vault);
  const pageSizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(userSteps, pageSizes, fc.integer({ min: 1, max: 5 }), async (steps, sizes, limit) => {
      await served.restart();
      const plain = new UsersInTheLog(served.log, vault);
      for (const step of steps) await plain.carryOut(step);
      await served.catchUp(...sizes);
      const inPages = await served.projected.rows();

      const all = await pagesOf((after: UserKey | null) => users.newest({ after, limit }));
      assert.deepEqual(all, plain.newest());
      for (const user of plain.newest()) assert.deepEqual((await users.user(user.user_id)).user, user);

      await served.restart(served.log);
      await served.catchUp();
      assert.deepEqual(await served.projected.rows(), inPages, 'the same rows in one page');
    }),
    { numRuns: 30 },
  );
});

t.test('pages are stable while users come in: each that was there is seen once, in order', async (t) => {
  const served = await servedModel(t, projection);
  const vault = new MemoryVault();
  const users = new Users(served.model, vault);
  await fc.assert(
    fc.asyncProperty(userSteps, userSteps, fc.integer({ min: 1, max: 4 }), async (before, meanwhile, limit) => {
      await served.restart();
      const plain = new UsersInTheLog(served.log, vault);
      for (const step of before) await plain.carryOut(step);
      await served.catchUp();
      const there = plain.newest().map((user) => user.user_id);
      const coming = [...meanwhile];
      const seen = await pagesOf(
        (after: UserKey | null) => users.newest({ after, limit }),
        async () => {
          for (const step of coming.splice(0, 3)) await plain.carryOut(step);
          await served.catchUp();
        },
      );
      const ids = seen.map((user) => user.user_id);
      assert.deepEqual(
        ids.filter((id) => there.includes(id)),
        there,
      );
      assert.equal(new Set(ids).size, ids.length, 'none is seen twice');
    }),
    { numRuns: 30 },
  );
});
