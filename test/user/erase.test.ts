import t from 'tap';
import { emailHash } from '../../src/crypto/derive.js';
import { emailClaims } from '../../src/user/claims.js';
import { eraseUser, type ErasureDeps, finishErasure } from '../../src/user/erase.js';
import { type ResumedErasures, resumeErasures } from '../../src/user/resume-erasures.js';
import { testContext } from '../support/context.js';
import { outcome } from '../support/http-client.js';
import { proofForm, type RunningApp, runningApp, userForm } from '../support/running-app.js';
import { tinyPdf } from '../support/tiny-pdf.js';

const CRASH = 'the process dies';

/** Fails before the n-th thing that an erasure does outside of the user's stream, or after it. */
function failing(deps: ErasureDeps, at: { readonly call: number; readonly after: boolean }): ErasureDeps {
  let calls = 0;
  const wrapped = <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      const isIt = calls++ === at.call;
      if (isIt && !at.after) throw new Error(CRASH);
      const result = await call(...args);
      if (isIt) throw new Error(CRASH);
      return result;
    };
  };
  const { emailClaims, steps, destroyKey } = deps;
  return {
    ...deps,
    emailClaims: {
      acquire: (id, owner, context) => emailClaims.acquire(id, owner, context),
      release: wrapped((id, owner, context) => emailClaims.release(id, owner, context)),
      claimedFor: (id, commandId) => emailClaims.claimedFor(id, commandId),
    },
    steps: steps.map((step) => wrapped(step)),
    destroyKey: wrapped(destroyKey),
  };
}

const goingOn = new AbortController().signal;

/** The read model says where to look: it must be there. */
async function resumed({ http, runtime }: RunningApp, erasures = runtime.erasures): Promise<ResumedErasures> {
  const min = runtime.tokens.decode(http.position ?? '');
  const { unfinishedErasures } = runtime;
  return resumeErasures(erasures, unfinishedErasures, { min, waitMs: 15_000, lenient: false }, goingOn);
}

async function hasKey({ runtime }: RunningApp, userId: string): Promise<boolean> {
  const { rowCount } = await runtime.pool.query(
    'select from orderlog.user_keys where user_id = $1 and wrapped is not null',
    [userId],
  );
  return rowCount === 1;
}

async function isClaimed({ runtime }: RunningApp, email: string): Promise<boolean> {
  const { state } = await runtime.handler.load(emailClaims.binding, emailHash(runtime.secrets.hashKey, email));
  return state !== null;
}

t.test('an erasure that fails at any step shows as unfinished, and the next start finishes it', async (t) => {
  const shop = await runningApp(t);
  const { http, runtime } = shop;
  const { release, steps, key } = { release: 2, steps: runtime.erasures.steps.length, key: 1 };
  const calls = release + steps + key;
  // To fail after a call is to fail before the next one.
  for (let call = 0; call <= calls; call++) {
    const at = call < calls ? { call, after: false } : { call: calls - 1, after: true };
    const what = at.after ? 'after the last call' : `before call ${call + 1}`;
    const emails = [shop.freshEmail(), shop.freshEmail()];
    const user = await shop.registerUser({ name: 'Marker', email: emails[0] as string });
    const path = `/v1/users/${user.user_id}`;
    await http.ok('PATCH', path, { json: { email: emails[1] } });
    await http.ok('PUT', `${path}/id-proof`, { form: proofForm(tinyPdf(10 + call)) });

    await t.rejects(eraseUser(failing(runtime.erasures, at), user.user_id, testContext()), { message: CRASH }, what);
    http.position = runtime.tokens.encode(await runtime.store.head());
    t.match((await http.get(path)).data, { status: 'erased', name: null, email: null, id_proof: null }, what);
    t.equal(await hasKey(shop, user.user_id), !at.after, 'the key is destroyed last');
    t.same(await resumed(shop), { finished: at.after ? 0 : 1, failures: [] }, what);

    t.notOk(await hasKey(shop, user.user_id), what);
    t.notOk(await runtime.gate.store.has(user.id_proof?.document_id ?? ''), what);
    for (const email of emails) t.notOk(await isClaimed(shop, email), what);
    t.same(await resumed(shop), { finished: 0, failures: [] }, 'nothing is left to do');
    const receipt = (await http.ok('POST', `${path}/erase`)).data;
    t.match(receipt, { email_addresses_released: 2, documents_deleted: { length: 2 } }, what);
  }
});

t.test('a user whose erasure can not be finished holds up no other', async (t) => {
  const shop = await runningApp(t);
  const { http, runtime } = shop;
  const at = { call: 0, after: false };
  const users = [await shop.registerUser(), await shop.registerUser()].map(({ user_id }) => user_id).sort();
  for (const id of users) {
    await t.rejects(eraseUser(failing(runtime.erasures, at), id, testContext()), { message: CRASH });
  }
  http.position = runtime.tokens.encode(await runtime.store.head());
  const first = await resumed(shop, failing(runtime.erasures, at));
  t.match(first, { finished: 1, failures: [{ message: CRASH }] });
  t.same(await Promise.all(users.map((id) => hasKey(shop, id))), [true, false]);
  t.match(await resumed(shop), { finished: 1, failures: { length: 0 } });
});

t.test('nothing of a user is destroyed unless the log says that the user is erased', async (t) => {
  const shop = await runningApp(t);
  const { user_id } = await shop.registerUser({ name: 'Marker' });
  t.equal(await finishErasure(shop.runtime.erasures, user_id, testContext()), null);
  t.match((await shop.http.get(`/v1/users/${user_id}`)).data, { name: 'Marker', status: 'active' });
});

t.test('an address that a crash has left behind at a change is released as well', async (t) => {
  const shop = await runningApp(t);
  const { http, runtime } = shop;
  const first = shop.freshEmail();
  const { user_id } = await shop.registerUser({ email: first });
  // The change is recorded, and the process dies before it releases the old address.
  Object.assign(runtime.emailClaims, { release: () => Promise.reject(new Error(CRASH)) });
  await http.send('PATCH', `/v1/users/${user_id}`, { json: { email: shop.freshEmail() } });
  Reflect.deleteProperty(runtime.emailClaims, 'release');
  await http.ok('POST', `/v1/users/${user_id}/erase`);
  t.equal(outcome(await http.send('POST', '/v1/users', { form: userForm('New', first) })), '201');
});
