import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { testDatabase } from '../support/database.js';
import { orderlog, settingsFor, start, temporaryFolder, until } from '../support/orderlog.js';
import { writeShop } from '../support/shop-folder.js';

const PRODUCTS = 1_500;

t.test('a killed sowing is resumed; a finished one is not done again', async (t) => {
  const { connectionString, pool } = await testDatabase(t);
  const seed = await writeShop(temporaryFolder(t), { products: PRODUCTS, users: 1, orders: 0 });
  // Nothing has made it yet.
  const data = join(temporaryFolder(t), 'data');
  const settings = { ...settingsFor({ connectionString }, data), SEED: seed };
  const count = async (type: string): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>('SELECT count(*) AS n FROM orderlog.events WHERE type = $1', [
      type,
    ]);
    return rows[0]?.n ?? 0;
  };
  const child = start(settings, 'migrate');
  await until(async () => (await count('ProductAdded')) > 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const before = await count('ProductAdded');
  t.ok(before < PRODUCTS, `${before} products when it was killed`);

  t.equal((await orderlog(settings, 'migrate')).code, 0);
  t.equal(await count('ProductAdded'), PRODUCTS);
  t.equal(await count('UserRegistered'), 1);

  const more = await writeShop(temporaryFolder(t), { products: PRODUCTS + 1, users: 1, orders: 0 });
  const { code, stdout } = await orderlog({ ...settings, SEED: more }, 'migrate', '--json');
  t.equal(code, 0);
  t.same(JSON.parse(stdout), { applied: [], sown: 0 });
});
