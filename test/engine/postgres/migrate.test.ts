import t from 'tap';
import { migrations } from '../../../migrations/index.js';
import { migrate } from '../../../src/engine/postgres/migrate.js';
import { testDatabase } from '../../support/database.js';

t.test('a process starts on a schema that a later release has brought further', async (t) => {
  const { pool, config } = await testDatabase(t);
  await pool.query(`insert into orderlog.migrations (name, batch, migration_time) values ('9999_later', 99, now())`);
  t.same(await migrate(config, migrations), []);
});

t.test('an empty database gets every migration, once, however many processes start at the same time', async (t) => {
  const { pool, config } = await testDatabase(t);
  await pool.query('drop schema orderlog cascade');
  const applied = await Promise.all([migrate(config, migrations), migrate(config, migrations)]);
  t.same(applied.flat(), Object.keys(migrations));
});
