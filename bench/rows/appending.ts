/** The log alone, no HTTP: appends that wait at the same moment share a commit, or each row has its own. */
import { randomUUID } from 'node:crypto';
import { migrations } from '../../migrations/index.js';
import { PostgresEventStore } from '../../src/engine/log/postgres/store.js';
import { migrate } from '../../src/engine/postgres/migrate.js';
import { createPool } from '../../src/engine/postgres/pool.js';
import { callsPerSecond, interleaved, type Row } from '../row.js';
import { event, named } from '../synthetic-log.js';
import { orderEvents } from '../../src/order/events.js';

const AT_ONCE = 64;

export const appending: Row = {
  name: 'appending',
  what: `appending an event to a new stream, ${AT_ONCE} at once, no HTTP`,
  peer: `one INSERT and commit each, on ${AT_ONCE} sessions`,
  run: async (bench) => {
    const shop = await bench.shop();
    await shop.query('orderlog', 'CREATE DATABASE appending');
    const config = shop.configOf('appending');
    await migrate(config, migrations);
    const pool = createPool(config, { max: AT_ONCE, applicationName: 'orderlog-bench' });
    const store = new PostgresEventStore(pool, config);
    await pool.query(`CREATE TABLE rows (position bigserial PRIMARY KEY, stream text NOT NULL, revision int NOT NULL,
      id uuid NOT NULL UNIQUE, type text NOT NULL, data json NOT NULL, metadata json NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (stream, revision))`);
    const grouped = async (): Promise<unknown> => store.append(`order-${randomUUID()}`, [placed()], 'none');
    const alone = async (): Promise<unknown> => {
      const { id, type, data, metadata } = placed();
      return pool.query({
        name: 'row',
        text: 'INSERT INTO rows (stream, revision, id, type, data, metadata) VALUES ($1, 0, $2, $3, $4, $5)',
        values: [`order-${randomUUID()}`, id, type, data, metadata],
      });
    };
    const ms = bench.quick ? 500 : 5_000;
    try {
      // Neither is to pay for what is compiled and connected the first time.
      for (const append of [grouped, alone]) await callsPerSecond(append, AT_ONCE, ms / 2);
      const found = await interleaved(
        bench.rounds,
        () => callsPerSecond(grouped, AT_ONCE, ms),
        () => callsPerSecond(alone, AT_ONCE, ms),
      );
      return [{ what: `append an event, ${AT_ONCE} at once, no HTTP`, unit: '1/s', ...found, mark: null }];
    } finally {
      await store.close();
      await pool.end();
    }
  },
};

function placed(): ReturnType<typeof event> {
  const [order_id, user_id, placed_at] = [randomUUID(), randomUUID(), new Date().toISOString()];
  const items = [1, 2, 3].map((line) => {
    return { line, product_id: line, sku: `SKU-${line}`, name: `Product ${line}`, quantity: 2, unit_price: 1_999 };
  });
  return event(orderEvents.OrderPlaced, {
    order_id,
    user_id,
    ...named(1),
    currency: 'EUR',
    items,
    total: 11_994,
    placed_at,
  });
}
