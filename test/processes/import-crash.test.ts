import t from 'tap';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import type { EventTypes } from '../../src/engine/core/event-type.js';
import type { Fact } from '../../src/engine/core/message.js';
import { categoryEvents } from '../../src/category/events.js';
import { skuClaims } from '../../src/product/claims.js';
import { emailClaims } from '../../src/user/claims.js';
import { PgKeyStore } from '../../src/crypto/key-store.js';
import { PostgresEventStore } from '../../src/engine/log/postgres/store.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { userEvents } from '../../src/user/events.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { ended, orderlog, settingsFor, start, temporaryFolder } from '../support/orderlog.js';
import { writeShop } from '../support/shop-folder.js';

const MASTER_KEY = Buffer.alloc(32, 7);
const LEAST_KILLS = 8;
const types: EventTypes = {
  ...categoryEvents,
  ...productEvents,
  ...userEvents,
  ...orderEvents,
  ...skuClaims.types,
  ...emailClaims.types,
};

/** Every stream with types and data in the clear; of the tree, what is in it, for its events come in groups. */
async function contents(database: TestDatabase): Promise<Record<string, unknown[]>> {
  const store = new PostgresEventStore(database.pool, database.config);
  const handler = new CommandHandler(store, new PgKeyStore(database.pool, MASTER_KEY));
  const streams: Record<string, unknown[]> = {};
  try {
    for await (const recorded of store.readAll()) {
      if (recorded.stream === 'log-main') continue;
      const { type, data, revision } = await handler.open<Fact>(recorded, types);
      (streams[recorded.stream] ??= []).push({ type, data, revision });
    }
  } finally {
    await store.close();
  }
  return streams;
}

const isNumber = (key: string): boolean => key === 'number';

/** Numbers are drawn in blocks: what a killed process has left of its block is left out. */
function withoutNumbers(streams: Record<string, unknown[]>): unknown {
  return JSON.parse(JSON.stringify(streams, (key, value: unknown) => (isNumber(key) ? undefined : value)));
}

function numbersIn(streams: Record<string, unknown[]>): readonly number[] {
  const numbers: number[] = [];
  JSON.stringify(streams, (key, value: unknown) => {
    if (isNumber(key)) numbers.push(value as number);
    return value;
  });
  return numbers;
}

t.test('an import that is killed again and again ends as an undisturbed one, no event twice', async (t) => {
  const [undisturbed, killed] = [await testDatabase(t), await testDatabase(t)];
  const folder = temporaryFolder(t);
  const shop = await writeShop(`${folder}/shop`, { products: 400, users: 400, orders: 3_000 });
  const calm = settingsFor(undisturbed, `${folder}/calm`);
  const first = await orderlog(calm, 'import', shop, '--json');
  t.equal(first.code, 0, first.stderr);

  // The same key store: ids that are derived, and the users' keys.
  const { rows: secrets } = await undisturbed.pool.query<{ name: string; wrapped: Buffer }>(
    'SELECT name, wrapped FROM orderlog.secrets',
  );
  for (const { name, wrapped } of secrets) {
    await killed.pool.query('INSERT INTO orderlog.secrets (name, wrapped) VALUES ($1, $2)', [name, wrapped]);
  }
  const settings = settingsFor(killed, `${folder}/killed`);
  let kills = 0;
  for (let code: number | null = null; code !== 0;) {
    const child = start(settings, 'import', shop, '--json');
    // At any moment: while it starts, checks, or appends. Later ones get more and more time, so that it ends on any machine.
    const timer = setTimeout(
      () => child.kill('SIGKILL'),
      (250 + Math.random() * 500) * 1.25 ** Math.max(0, kills - LEAST_KILLS),
    );
    const end = await ended(child);
    clearTimeout(timer);
    code = end.code;
    if (code === null) kills++;
    else if (code !== 0) throw new Error(end.stderr);
  }
  t.ok(kills >= 3, `killed ${kills} times`);
  const [expected, found] = [await contents(undisturbed), await contents(killed)];
  t.same(Object.keys(found).sort(), Object.keys(expected).sort(), 'the same streams');
  t.same(withoutNumbers(found), withoutNumbers(expected), 'with the same types and data');
  const numbers = numbersIn(found);
  t.equal(new Set(numbers).size, 3_000, 'each order has a number of its own; a kill leaves a gap');

  await t.test('a second run appends nothing', async (t) => {
    const again = await orderlog(settings, 'import', shop, '--json');
    t.match(JSON.parse(again.stdout), { appended: 0, skipped: 3_800 + shopCategories, findings: [] });
    t.same(await contents(killed), found);
  });
});

const shopCategories = 155;
