import t from 'tap';
import { migrations } from '../../../migrations/index.js';
import { migrate } from '../../../src/engine/postgres/migrate.js';
import { testDatabase } from '../../support/database.js';

t.test('a process starts on a schema that a later release has brought further', async (t) => {
  const { pool, config } = await testDatabase(t);
  await pool.query(`insert into orderlog.migrations (name, batch, migration_time) values ('9999_later', 99, now())`);
  t.same(await migrate(config, migrations), []);
});

t.test('read models of the release before become the first builds of their models', async (t) => {
  const { pool, config } = await testDatabase(t);
  await pool.query(`
    drop table orderlog.builds; delete from orderlog.migrations where name = '0006_builds';
    insert into orderlog.checkpoints (model, version, position) values ('users', 1, '0000000000000007')`);
  t.same(await migrate(config, migrations), ['0006_builds']);
  const { rows } = await pool.query('select model, number, version, state from orderlog.builds');
  t.same(rows, [{ model: 'users', number: 1, version: 1, state: 'active' }]);
});
