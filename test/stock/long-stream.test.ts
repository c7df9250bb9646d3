import { randomUUID } from 'node:crypto';
import t from 'tap';
import { HotStreams } from '../../src/engine/streams/hot-streams.js';
import { MemoryEventStore, MemoryVault, testContext } from '../../src/engine/testing.js';
import { stockSnapshots } from '../../src/stock/snapshot.js';
import { stockStream } from '../../src/stock/stream.js';
import type { Stocks } from '../../src/stock/stocks.js';
import { testDatabase } from '../support/database.js';

/** So many events after a snapshot the next one is due. */
const BETWEEN = 1_000;

t.test(
  'however long its stream, the first reservation after a start reads what came after the last snapshot',
  async (t) => {
    const { pool } = await testDatabase(t);
    const store = new MemoryEventStore();
    const logId = await store.logId();
    let read = 0;
    const original = store.read.bind(store);
    store.read = async function* (...args) {
      for await (const event of original(...args)) {
        read++;
        yield event;
      }
    };
    const started = (): Stocks =>
      new HotStreams({ store, vault: new MemoryVault() }, stockStream, { pool, logId, form: stockSnapshots });

    const first = started();
    await first.execute('7', { type: 'CountStock', on_hand: 100, reason: null }, testContext());
    const reserve = (order_id: string): Promise<unknown> =>
      first.execute('7', { type: 'ReserveStock', order_id, quantity: 1 }, testContext());
    const release = (order_id: string): Promise<unknown> =>
      first.execute('7', { type: 'ReleaseStock', order_id, cause: 'cancelled' }, testContext());
    for (let round = 0; round < 20; round++) {
      const orders = Array.from({ length: 100 }, () => randomUUID());
      await Promise.all(orders.map(reserve));
      await Promise.all(orders.map(release));
      // Until what is being saved is saved.
      await first.close();
    }
    t.equal((await first.current('7')).revision, 4_000);

    read = 0;
    const next = started();
    const command = { type: 'ReserveStock', order_id: randomUUID(), quantity: 1 } as const;
    t.equal((await next.execute('7', command, testContext())).revision, 4_001);
    t.ok(read > 0 && read <= BETWEEN, `${read} events`);
    await next.close();
  },
);
