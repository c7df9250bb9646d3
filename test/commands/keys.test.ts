import t from 'tap';
import { ApiKeys } from '../../src/access/api-keys.js';
import { createResult, listResult, revokeResult } from '../../src/commands/keys.js';
import { testDatabase } from '../support/database.js';

const USER = '018f0000-0000-7000-8000-00000000000a';

t.test('a key is shown when it is created, and never again', async (t) => {
  const keys = new ApiKeys((await testDatabase(t)).pool);
  t.match(await listResult(keys), { document: { keys: [] }, text: /orderlog keys create --role admin/ });
  const { document, text } = await createResult(keys, 'customer', USER.toUpperCase());
  const created = document as { key: string; key_id: string };
  t.same(Object.keys(created), ['key_id', 'key', 'role', 'user_id']);
  t.match(created, { role: 'customer', user_id: USER });
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
  const keys = new ApiKeys((await testDatabase(t)).pool);
  await t.rejects(createResult(keys, 'customer', undefined), { name: 'WrongUse', message: /name it with --user/ });
  await t.rejects(createResult(keys, 'customer', 'ada'), { name: 'WrongUse', message: /is a UUID/ });
  await t.rejects(createResult(keys, 'admin', USER), { name: 'WrongUse', message: /leave it out/ });
  await t.rejects(revokeResult(keys, 'none'), { name: 'WrongUse', message: /keys list shows all/ });
  t.same(await keys.list(), []);
});
