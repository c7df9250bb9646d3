import t from 'tap';
import type { Job } from '../../src/ops/jobs/job.js';
import { openStream } from '../support/event-stream.js';
import { testDatabase } from '../support/database.js';
import { Client } from '../support/http-client.js';
import { ready, serving, settingsFor, temporaryFolder, until } from '../support/orderlog.js';
import { Shop } from '../support/running-app.js';

async function job({ http }: Shop, { job_id }: Job): Promise<Job> {
  return (await http.ok('GET', `/v1/ops/jobs/${job_id}`)).data as Job;
}

async function start({ http }: Shop, json: object): Promise<Job> {
  return (await http.ok('POST', '/v1/ops/jobs', { json })).data as Job;
}

void t.test('jobs run in processes of their own, die with their server, and are found lost by another', async (t) => {
  const settings = settingsFor(await testDatabase(t), temporaryFolder(t));
  const first = await serving(t, settings);
  await ready(first.url);
  const shop = new Shop(new Client(first.url));
  const { cat_id } = await shop.addCategory();
  for (let n = 0; n < 20; n++) await shop.addProduct([cat_id]);

  const rebuild = await start(shop, { kind: 'rebuild', models: ['products', 'category-tree'] });
  await until(async () => (await job(shop, rebuild)).state === 'done', 60_000);
  const { result, progress, ok } = await job(shop, rebuild);
  t.equal(ok, true);
  t.match(result, {
    models: [
      { name: 'category-tree', version: 2, switched: true },
      { name: 'products', version: 2, switched: true },
    ],
  });
  t.match(progress, { what: 'models at the head', done: 2, total: 2 });
  const models = (await shop.http.ok('GET', '/v1/ops/read-models')).data as { name: string; builds: object[] }[];
  t.match(models.find(({ name }) => name === 'products')?.builds, [
    { build: 1, state: 'standby' },
    { build: 2, state: 'active' },
  ]);
  const none = await start(shop, { kind: 'rollback', model: 'users' });
  await until(async () => (await job(shop, none)).state === 'failed', 60_000);
  t.match(await job(shop, none), { error: /no build of users to go back to/ });

  const second = await serving(t, settings);
  const other = new Shop(new Client(second.url));
  const tail = await openStream(t, other.http, '/v1/log');
  await until(() => tail.lastId() !== null);
  await shop.addCategory();
  // An event of another process.
  await tail.count(1);

  const cut = await start(shop, { kind: 'rebuild', model: 'products' });
  await first.stop('SIGKILL');
  await until(async () => (await job(other, cut)).state === 'lost', 30_000);
  t.match(await job(other, cut), { error: /a rebuild resumes/ });
  const again = await start(other, { kind: 'rebuild', model: 'products' });
  await until(async () => (await job(other, again)).state === 'done', 60_000);
  t.match((await job(other, again)).result, { models: [{ name: 'products', switched: true }] });

  // One that does not end in time is cut off, with another code.
  t.equal(await second.stop(), 0, 'a server with an open tail ends in time');
  await tail.ended;
});
