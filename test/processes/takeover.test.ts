import t from 'tap';
import { projections } from '../../projections/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { orderlog, serving, settingsFor, temporaryFolder, until } from '../support/orderlog.js';
import { dropReadModels, readModelRows } from '../support/read-model-rows.js';
import { writeShop } from '../support/shop-folder.js';

const TAKEOVER_MS = 10_000;

async function atTheHead({ pool }: TestDatabase): Promise<boolean> {
  const { rows: behind } = await pool.query<{ behind: boolean }>(
    `SELECT count(*) < $1 OR bool_or(position < (
        SELECT lpad(to_hex(max(e.position)), 16, '0') FROM orderlog.events e)) AS behind FROM orderlog.checkpoints`,
    [projections.length],
  );
  return behind[0]?.behind === false;
}

t.test(
  'two projector processes, one killed: the other goes on, and every row is as if nothing had happened',
  async (t) => {
    const database = await testDatabase(t);
    const folder = temporaryFolder(t);
    const settings = settingsFor(database, `${folder}/data`);
    const shop = await writeShop(`${folder}/shop`, { products: 300, users: 200, orders: 2_500 });
    const servers = [await serving(t, settings, '--projectors-only'), await serving(t, settings, '--projectors-only')];
    const importing = orderlog(settings, 'import', shop, '--json');
    await until(async () => {
      const { rows: owners } = await database.pool.query<{ n: number }>(
        "SELECT count(DISTINCT lease_owner) AS n FROM orderlog.checkpoints WHERE position <> ''",
      );
      return (owners[0]?.n ?? 0) > 0;
    });
    // Whichever of them owns something is killed, in the middle of the import.
    const { rows: owner } = await database.pool.query<{ pid: string }>(
      "SELECT split_part(lease_owner, ':', 2) AS pid FROM orderlog.checkpoints WHERE lease_owner IS NOT NULL LIMIT 1",
    );
    const victim = servers.find(({ pid }) => String(pid) === owner[0]?.pid);
    t.ok(victim, 'an owner is one of the two');
    await victim?.stop('SIGKILL');
    const killedAt = Date.now();
    t.equal((await importing).code, 0);
    const imported = Date.now();
    await until(() => atTheHead(database), TAKEOVER_MS + imported - killedAt);
    t.ok(Date.now() - Math.max(killedAt, imported) < TAKEOVER_MS, 'within ten seconds');
    for (const server of servers) await server.stop();
    const lived = await readModelRows(database.pool);

    await t.test('the read models dropped and projected again: every row equal', async (t) => {
      await dropReadModels(database.pool);
      const again = await serving(t, settings, '--projectors-only');
      await until(() => atTheHead(database), 30_000);
      await again.stop();
      const fresh = await readModelRows(database.pool);
      for (const [place, all] of Object.entries(fresh)) t.same(lived[place], all, place);
      t.ok(Object.values(fresh).flat().length > 5_000, 'and there are rows');
    });
  },
);
