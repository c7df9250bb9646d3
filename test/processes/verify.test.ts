import t from 'tap';
import { testDatabase } from '../support/database.js';
import { orderlog, serving, settingsFor, temporaryFolder, until } from '../support/orderlog.js';
import { demo } from '../support/running-app.js';

interface Answer {
  readonly ok: boolean;
  readonly models: readonly { readonly name: string; readonly differences: readonly object[] }[];
}

t.test(
  'verify ends with 0 and what was compared, or with 1 and what differs; serve tells it as a metric',
  async (t) => {
    const database = await testDatabase(t);
    const settings = { ...settingsFor(database, `${temporaryFolder(t)}/data`), SEED: demo, VERIFY_EVERY_SECONDS: '1' };
    const server = await serving(t, settings);
    const metric = async (line: RegExp): Promise<boolean> =>
      line.test(await (await fetch(`${server.url}/metrics`)).text());
    const clean = await orderlog(settings, 'verify');
    t.equal(clean.code, 0, clean.stderr);
    t.match(clean.stdout, /category-tree +v1 .* as the log says\n[^]*verified: \d+ rows against \d+ events/);
    await until(() => metric(/orderlog_verify_differences\{model="users"\} 0/), 30_000);

    await database.pool.query(`update rm_category_tree_v1.categories set name = 'by hand' where cat_id = 1`);
    const found = await orderlog(settings, 'verify', 'category-tree');
    t.equal(found.code, 1);
    t.match(
      found.stdout,
      /DIFFERENCE category-tree\.categories 1, name: live by hand, by the log clothes\n +categoryTree-main@0 +CategoryAdded/,
    );
    t.match(found.stdout, /NOT VERIFIED/);
    const json = await orderlog(settings, 'verify', 'category-tree', '--json');
    t.match(JSON.parse(json.stdout) as Answer, {
      ok: false,
      models: [
        { name: 'category-tree', differences: [{ table: 'categories', key: '1', column: 'name', live: 'by hand' }] },
      ],
    });
    await until(() => metric(/orderlog_verify_differences\{model="category-tree"\} 1/), 30_000);

    const rebuilt = await orderlog(settings, 'rebuild', 'category-tree', '--json');
    t.equal(rebuilt.code, 0, rebuilt.stderr);
    t.match(JSON.parse(rebuilt.stdout), {
      models: [{ name: 'category-tree', version: 2, switched: true, rows: Number }],
    });
    t.equal((await orderlog(settings, 'verify')).code, 0, 'a rebuild mends it');
    await until(() => metric(/orderlog_verify_differences\{model="category-tree"\} 0/), 30_000);
  },
);

t.test('rebuild and rollback tell wrong use, and a dry run does nothing', async (t) => {
  const database = await testDatabase(t);
  const settings = { ...settingsFor(database, `${temporaryFolder(t)}/data`), SEED: demo };
  await serving(t, settings);
  for (const args of [
    ['rebuild', 'nothing'],
    ['verify', 'nothing'],
    ['rollback', 'users'],
    ['rebuild', '--jobs', '0'],
  ]) {
    t.equal((await orderlog(settings, ...args)).code, 2, args.join(' '));
  }
  const dry = await orderlog(settings, 'rebuild', '--dry-run', '--json');
  t.match(JSON.parse(dry.stdout), { dry_run: true, models: [{ name: 'category-tree', version: 2, switched: false }] });
  t.same((await database.pool.query('select from orderlog.builds where number > 1')).rows, []);
  t.equal((await orderlog(settings, 'rebuild', 'users')).code, 0);
  const back = await orderlog(settings, 'rollback', 'users', '--json');
  t.same(JSON.parse(back.stdout), { model: 'users', from: 2, to: 1 });
});
