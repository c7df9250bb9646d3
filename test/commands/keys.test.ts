import t from 'tap';
import { ApiKeys } from '../../src/access/api-keys.js';
import { createForCustomer, createForStaff, listResult, revokeResult } from '../../src/commands/keys.js';
import { testDatabase } from '../support/database.js';
import { orderlog, settingsFor } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

const NOBODY = '018f0000-0000-7000-8000-00000000000a';

t.test('a key is shown when it is created, and never again', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { user_id } = await shop.registerUser();
  const keys = shop.runtime.apiKeys;
  t.match(await listResult(keys), { document: { keys: [] }, text: /orderlog keys create --role admin/ });
  const { document, text } = await createForCustomer(shop.runtime, user_id.toUpperCase());
  const created = document as { key: string; key_id: string };
  t.same(Object.keys(created), ['key_id', 'key', 'role', 'user_id']);
  t.match(created, { role: 'customer', user_id });
  t.equal(text.split('\n')[0], created.key, 'the first line is the key');
  const list = await listResult(keys);
  t.same(list.document, { keys: await keys.list() });
  t.match(list.text, created.key_id);
  t.notMatch(JSON.stringify(list), created.key.slice(-43));
  const revoked = await revokeResult(keys, created.key_id);
  t.match(revoked, { document: { key_id: created.key_id, revoked_at: /Z$/ }, exitCode: 0 });
  t.same((await revokeResult(keys, created.key_id)).document, revoked.document, 'revoking twice is once');
});

t.test('a key for nobody, or of nobody, is wrong use', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { runtime, http, database, dataDir } = shop;
  const { user_id: erased } = await shop.registerUser();
  await http.send('POST', `/v1/users/${erased}/erase`, {});
  const wrong: [string | undefined, RegExp][] = [
    [undefined, /name it with --user/],
    ['ada', /is a UUID/],
    [NOBODY, /--user: there is no user 018f.*a; register the user first/],
    [erased, /--user: the user .* has been erased/],
  ];
  for (const [user, message] of wrong)
    await t.rejects(createForCustomer(runtime, user), { name: 'WrongUse', message }, String(message));
  const settings = settingsFor(database, dataDir);
  const { code, stderr } = await orderlog(settings, 'keys', 'create', '--role', 'customer', '--user', NOBODY);
  t.match({ code, stderr }, { code: 2, stderr: /there is no user/ });
  t.same(await runtime.apiKeys.list(), []);
});

t.test('a key that is made while its user is erased does not outlive the erasure', async (t) => {
  const shop = await runningApp(t, { projectors: false });
  const { http, database } = shop;
  const { handler } = shop.runtime;
  const { user_id } = await shop.registerUser();
  class ErasedMeanwhile extends ApiKeys {
    override async create(...of: Parameters<ApiKeys['create']>): ReturnType<ApiKeys['create']> {
      await http.ok('POST', `/v1/users/${user_id}/erase`, {});
      return super.create(...of);
    }
  }
  const apiKeys = new ErasedMeanwhile(database.pool);
  const message = /--user: the user .* has been erased/;
  await t.rejects(createForCustomer({ handler, apiKeys }, user_id), { name: 'WrongUse', message });
  t.match(await apiKeys.list(), [{ user_id, revoked_at: /Z$/ }]);
});

t.test('a key of staff belongs to no user, and revoking needs one that is there', async (t) => {
  const keys = new ApiKeys((await testDatabase(t)).pool);
  await t.rejects(createForStaff(keys, 'admin', NOBODY), { name: 'WrongUse', message: /leave it out/ });
  await t.rejects(revokeResult(keys, 'none'), { name: 'WrongUse', message: /keys list shows all/ });
  t.same(await keys.list(), []);
});
