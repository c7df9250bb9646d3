import { join } from 'node:path';
import t from 'tap';
import { projections } from '../../projections/index.js';
import { testDatabase } from '../support/database.js';
import { orderlog, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { asOfRows, asOfSchemas } from '../support/as-of-builds.js';
import { writeShop } from '../support/shop-folder.js';

interface Replayed {
  readonly position: string;
  readonly models: readonly {
    readonly name: string;
    readonly schema: string;
    readonly position: string;
    readonly rows: number;
    readonly events: number;
    readonly seconds: number;
    readonly reused: boolean;
  }[];
}

const SHOP = { products: 20, users: 5, orders: 30 };

t.test('replay makes read models as they were, finds them again, and says where they are', async (t) => {
  const database = await testDatabase(t);
  const { pool } = database;
  const folder = temporaryFolder(t);
  const settings = settingsFor(database, join(folder, 'data'));
  t.equal((await orderlog(settings, 'import', await writeShop(join(folder, 'shop'), SHOP))).code, 0);
  const events = JSON.parse((await orderlog(settings, 'events', '--json')).stdout) as {
    position: string;
    type: string;
    recorded_at: string;
  }[];
  const half = events[Math.floor(events.length / 2)]?.position ?? '';
  const replay = async (...args: string[]): Promise<Replayed> => {
    const { code, stdout, stderr } = await orderlog(settings, 'replay', '--json', ...args);
    t.equal(code, 0, stderr);
    return JSON.parse(stdout) as Replayed;
  };

  const first = await replay('--until', half);
  t.equal(first.position, half);
  t.same(
    first.models.map(({ name, reused, position }) => [name, reused, position]),
    projections.map(({ name }) => [name, false, half]),
  );
  const schemas = first.models.map(({ schema }) => schema);
  t.same(await asOfSchemas(pool), [...schemas].sort());
  const counted = events.slice(0, Math.floor(events.length / 2) + 1);
  for (const { name, schema, rows, events, seconds } of first.models) {
    t.match(schema, new RegExp(`^asof_${name.replaceAll('-', '_')}_\\d+$`));
    const found = await asOfRows(pool, { model: name, number: Number(schema.split('_').at(-1)) });
    t.equal(rows, Object.values(found).flat().length, `${name}: rows`);
    const types = Object.keys(projections.find((one) => one.name === name)?.handlers ?? {});
    t.equal(events, counted.filter(({ type }) => types.includes(type)).length, `${name}: events`);
    t.ok(seconds >= 0);
  }

  const again = await replay('--until', half, 'users', 'category-tree');
  t.same(
    again.models.map(({ name, schema, reused }) => [name, schema, reused]),
    first.models
      .filter(({ name }) => name === 'users' || name === 'category-tree')
      .map(({ name, schema }) => [name, schema, true]),
  );
  const now = await replay('--until', events.at(-1)?.recorded_at ?? '', 'user-orders');
  t.equal(now.position, events.at(-1)?.position, 'a time is told as its place');
  t.match(now.models, [{ name: 'user-orders', reused: false }]);

  const { stdout } = await orderlog({ ...settings, SNAPSHOT_KEEP_SECONDS: '7200' }, 'replay', '--until', half, 'users');
  t.match(stdout, /^users +asof_users_\d+ .* was there$/m);
  t.match(stdout, /kept for 7200 s/);
});

t.test('two processes that replay to one point at once make each as-of build once', async (t) => {
  const database = await testDatabase(t);
  const folder = temporaryFolder(t);
  const settings = settingsFor(database, join(folder, 'data'));
  t.equal((await orderlog(settings, 'import', await writeShop(join(folder, 'shop'), SHOP))).code, 0);
  const point = new Date(Date.now() - 1).toISOString();
  const both = await Promise.all([1, 2].map(() => orderlog(settings, 'replay', '--json', '--until', point)));
  const [first, second] = both.map(({ stdout }) => (JSON.parse(stdout) as Replayed).models);
  t.same(
    first?.map(({ schema }) => schema),
    second?.map(({ schema }) => schema),
  );
  first?.forEach(({ name, reused }, n) => t.not(reused, second?.[n]?.reused, `${name} was made by one of them`));
  t.equal((await asOfSchemas(database.pool)).length, projections.length);
});

t.test('a point or a model that there is not is wrong use, and nothing is made', async (t) => {
  const database = await testDatabase(t);
  const settings = settingsFor(database, temporaryFolder(t));
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  for (const args of [
    ['--until', 'nowhere'],
    ['--until', ''],
    ['--until', '2026-11-26'],
    ['--until', tomorrow],
    ['--until', '2026-02-30T00:00:00Z'],
    ['--until', '2026-01-01T00:00:00Z', 'no-such-model'],
    [],
  ]) {
    const { code, stdout, stderr } = await orderlog(settings, 'replay', '--json', ...args);
    t.equal(code, 2, args.join(' '));
    t.match(JSON.parse(stdout), { error: { name: 'WrongUse', message: /--until|no-such-model/ } });
    t.not(stderr, '');
    if (args[1] === '2026-11-26') t.match(stderr, 'it is a date without a time: send 2026-11-26T00:00:00Z');
  }
  t.same(await asOfSchemas(database.pool), []);
});
