import t from 'tap';
import { projections } from '../../projections/index.js';
import { rebuildAll } from '../engine/builds/rebuilding.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

void t.test(
  'a read model whose column somebody has dropped says so with the remedy, and never answers 500',
  async (t) => {
    const shop = await runningApp(t);
    const { runtime, http } = shop;
    const { user_id } = await shop.registerUser();
    await runtime.engine.catchUp(await runtime.store.head(), 30_000);
    t.equal((await http.send('GET', '/v1/users')).status, 200);
    await runtime.pool.query('alter table rm_users_v1.users drop column email');

    const answer = await http.send('GET', '/v1/users');
    t.equal(answer.status, 503);
    t.match(answer.body, { code: 'database-unavailable', detail: /lacks a table or a column .* run orderlog rebuild/ });
    t.equal(answer.headers.get('retry-after'), '60');

    await shop.registerUser();
    const users = async () => (await runtime.engine.report({ cap: 1 })).models.find(({ name }) => name === 'users');
    await until(async () => (await users())?.state === 'stopped');
    t.match((await users())?.stop, /column "email" .*a table in rm_users_v1 was changed\. Run orderlog rebuild users$/);

    await rebuildAll(
      runtime,
      {},
      projections.filter(({ name }) => name === 'users'),
    );
    t.equal((await http.ok('GET', `/v1/users/${user_id}`)).status, 200, 'a rebuild mends it');
    t.equal((await http.send('GET', '/v1/users')).status, 200);
  },
);
