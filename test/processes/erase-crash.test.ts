import t from 'tap';
import { FolderStorage } from '../../src/documents/folder-storage.js';
import { testDatabase } from '../support/database.js';
import { Client } from '../support/http-client.js';
import { ended, orderlog, serving, settingsFor, start, temporaryFolder, until } from '../support/orderlog.js';
import { Shop } from '../support/running-app.js';

t.test('an erasure that is killed is finished by the next start, and its receipt can be had again', async (t) => {
  const database = await testDatabase(t);
  const dataDir = temporaryFolder(t);
  const settings = settingsFor(database, dataDir);
  const first = await serving(t, settings);
  const { user_id, id_proof } = await new Shop(new Client(first.url)).registerUser({ name: 'Marker' });
  await first.stop();

  // It gets to its last step, the key, and has to wait there.
  const holder = await database.pool.connect();
  await holder.query('begin');
  await holder.query('select from orderlog.user_keys where user_id = $1 for update', [user_id]);
  const waiting = `select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%orderlog.user_keys%'`;
  const isWaiting = async (): Promise<boolean> => (await database.pool.query(waiting)).rowCount !== 0;
  const erasing = start(settings, 'erase-user', user_id);
  const over = ended(erasing);
  await until(isWaiting);
  erasing.kill('SIGKILL');
  await over;
  // The server notices that its client is gone.
  await until(async () => !(await isWaiting()));
  await holder.query('rollback');
  holder.release();
  const hasKey = async (): Promise<boolean> => {
    const { rowCount } = await database.pool.query('select from orderlog.user_keys where wrapped is not null');
    return rowCount !== 0;
  };
  t.ok(await hasKey(), 'the key is still there');
  const documents = new FolderStorage(`${dataDir}/documents`);
  t.notOk(await documents.has(id_proof?.document_id ?? ''), 'the steps before are done');

  const second = await serving(t, settings);
  await until(async () => !(await hasKey()));
  const { data } = await new Client(second.url).ok('GET', `/v1/users/${user_id}`);
  t.match(data, { status: 'erased', name: null, email: null, id_proof: null });
  const again = await orderlog(settings, 'erase-user', user_id, '--json');
  t.equal(again.code, 0, again.stderr);
  const receipt = JSON.parse(again.stdout) as object;
  t.match(receipt, { user_id, status: 'erased', documents_deleted: [id_proof?.document_id] });
  t.same(JSON.parse((await orderlog(settings, 'erase-user', user_id.toUpperCase(), '--json')).stdout), receipt);
  t.match((await orderlog(settings, 'erase-user', user_id)).stdout, /is erased\n.*erased at .*\n/);
  for (const [id, message] of [
    ['1', /must be a UUID/],
    ['018f0000-0000-7000-8000-000000000009', /there is no user/],
  ] as const) {
    const refused = await orderlog(settings, 'erase-user', id);
    t.equal(refused.code, 2);
    t.match(refused.stderr, message);
  }
});
