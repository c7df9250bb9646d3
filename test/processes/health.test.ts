import t from 'tap';
import { testDatabase } from '../support/database.js';
import { orderlog, ready, serving, settingsFor, temporaryFolder, until } from '../support/orderlog.js';
import { writeShop } from '../support/shop-folder.js';

const WAITING_SECONDS = 60;

interface Users {
  readonly name: string;
  readonly state: string;
  readonly lag_events: number;
  readonly lag_seconds: number;
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*model="users"[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
}

t.test('a process that does not project reports that no process does, by the age of waiting events', async (t) => {
  const database = await testDatabase(t);
  const folder = temporaryFolder(t);
  const settings = settingsFor(database, `${folder}/data`);
  const shop = await writeShop(`${folder}/shop`, { products: 5, users: 3, orders: 0 });
  t.equal((await orderlog(settings, 'import', shop)).code, 0);
  const first = await serving(t, settings, '--projectors-only');
  await ready(first.url);
  const { url } = await serving(t, settings, '--api-only');
  await ready(url);
  t.equal(await metric(first.url, 'orderlog_read_model_owned'), 1);
  t.equal(await metric(url, 'orderlog_read_model_owned'), 0, 'each process tells of itself');
  t.ok(Number.isNaN(await metric(url, 'orderlog_read_model_lag_events')), 'one process alone tells how far it is');

  await first.stop('SIGKILL');
  // An event of a minute ago, and no progress since.
  await database.pool.query(
    `insert into orderlog.events (position, stream, revision, id, type, data, metadata, recorded_at)
     select (select max(position) from orderlog.events) + 1, stream, revision + 1, gen_random_uuid(), 'UserErased',
            json_build_object('user_id', data->>'user_id', 'email_claim', 'userEmail-0', 'erased_at', '2026-01-01T00:00:00.000Z'),
            metadata, clock_timestamp() - make_interval(secs => $1)
     from orderlog.events where type = 'UserRegistered' limit 1`,
    [WAITING_SECONDS],
  );
  await database.pool.query(`update orderlog.checkpoints set progressed_at = progressed_at - interval '1 hour'`);
  await until(async () => (await fetch(`${url}/health/ready`)).status === 503);
  t.match(await (await fetch(`${url}/health/ready`)).json(), {
    status: 'unavailable',
    checks: {
      projectors: { ok: false, detail: /users makes no progress though there is work/ },
      database: { ok: true },
    },
  });
  t.equal((await fetch(`${url}/health/live`)).status, 200, 'a restart of this process would help nobody');
  t.equal(await metric(url, 'orderlog_read_model_owned'), 0, 'the sum over the processes is 0');
  const users = async (): Promise<Users | undefined> => {
    const { stdout } = await orderlog(settings, 'status', '--json');
    return (JSON.parse(stdout) as { models: Users[] }).models.find(({ name }) => name === 'users');
  };
  // The lease of the dead process ends first.
  await until(async () => (await users())?.state === 'idle', 30_000);
  const { lag_events, lag_seconds = 0 } = (await users()) ?? {};
  t.equal(lag_events, 1);
  t.ok(lag_seconds >= WAITING_SECONDS, `it has waited for ${lag_seconds} s`);

  const second = await serving(t, settings, '--projectors-only');
  await ready(url);
  await until(async () => (await metric(second.url, 'orderlog_read_model_lag_seconds')) === 0);
  t.equal(await metric(second.url, 'orderlog_read_model_owned'), 1, 'another has taken over');
});
