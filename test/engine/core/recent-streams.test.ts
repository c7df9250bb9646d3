import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import { RecentStreams } from '../../../src/engine/log/recent-streams.js';
import { revisionGuard } from '../../../src/http/etag.js';
import type { OrderCommand, PlaceOrder } from '../../../src/order/commands.js';
import { orderStream } from '../../../src/order/stream.js';
import { testContext } from '../../support/context.js';
import { postgresLog } from '../../support/event-store/postgres-log.js';
import { MemoryVault } from '../../support/memory-vault.js';

const at = '2026-01-02T00:00:00.000Z';
const pay: OrderCommand = { type: 'MarkPaid', reference: 'transfer 17', at };
const cancel: OrderCommand = { type: 'CancelOrder', reason: 'late', at };

function placing(order_id: string): PlaceOrder {
  const pen = { sku: 'PEN', name: 'Pen', price: 150, currency: 'EUR', status: 'active', tracked: false } as const;
  const buyer = { status: 'active', hasIdProof: true } as const;
  const ids = { order_id, user_id: '018f0000-0000-7000-8000-000000000002', number: 1, external: null, reserved: [] };
  const items = [{ product_id: 1, quantity: 2 }];
  return { type: 'PlaceOrder', ...ids, items, placed_at: at, buyer, products: new Map([[1, pen]]) };
}

interface Shop {
  readonly here: CommandHandler;
  /** Another process on the same log. */
  readonly there: CommandHandler;
  readonly id: string;
  /** Reads of streams by this process so far. */
  readonly reads: () => number;
}

/** One order, placed here. */
async function shop(t: Test): Promise<Shop> {
  const { store, another } = await postgresLog(t);
  const vault = new MemoryVault();
  let reads = 0;
  const read = store.read.bind(store);
  store.read = (...args) => {
    reads += 1;
    return read(...args);
  };
  const here = new CommandHandler(store, vault);
  const id = randomUUID();
  await here.execute(orderStream, id, placing(id), testContext(), { isNew: true });
  return { here, there: new CommandHandler(another(), vault), id, reads: () => reads };
}

t.test('a command on a stream that this process has written is decided without a read', async (t) => {
  const { here, there, id, reads } = await shop(t);
  const outcome = await here.execute(orderStream, id, pay, testContext());
  t.match(outcome, { revision: 1, appended: 1, replayed: false, state: { status: 'paid', reference: 'transfer 17' } });
  t.equal(reads(), 0);
  const read = await there.load(orderStream, id);
  t.same({ state: outcome.state, position: outcome.position }, { state: read.state, position: read.position });
  const stored = JSON.stringify(here.store.recent(orderStream.name(id)));
  t.notMatch(stored, 'transfer 17', 'what is personal is kept sealed');
  t.match(stored, '"order_id"');
});

t.test('the same command again is answered from what this process has written', async (t) => {
  const { here, id, reads } = await shop(t);
  const context = testContext();
  const first = await here.execute(orderStream, id, pay, context);
  t.match(await here.execute(orderStream, id, pay, context), { ...first, appended: 0, replayed: true });
  t.equal(reads(), 0);
});

t.test('what another process has done since is seen by every kind of decision', async (t) => {
  await t.test('one that would append', async (t) => {
    const { here, there, id } = await shop(t);
    await there.execute(orderStream, id, cancel, testContext());
    await t.rejects(here.execute(orderStream, id, pay, testContext()), { code: 'order-cancelled' });
    t.equal(here.store.recent(orderStream.name(id)), null, 'it is forgotten');
  });
  await t.test('one that would be refused', async (t) => {
    const { here, there, id } = await shop(t);
    await there.execute(orderStream, id, pay, testContext());
    const guard = revisionGuard(['"1"']);
    await t.rejects(here.execute(orderStream, id, cancel, testContext(), { guard }), { code: 'order-paid' });
  });
  await t.test('one that would change nothing', async (t) => {
    const { here, there, id, reads } = await shop(t);
    await here.execute(orderStream, id, pay, testContext());
    const { position } = await there.load(orderStream, id);
    t.match(await here.execute(orderStream, id, pay, testContext()), { revision: 1, position, appended: 0 });
    t.equal(reads(), 1, 'only a read shows that nobody has changed it');
  });
});

t.test('a stream is kept as long as this process has written all of it, and those used lately are', (t) => {
  const appended = (stream: string, revision: number, characters = 100) => ({
    ...{ stream, revision, id: randomUUID(), type: 'Counted', position: 1n, recordedAt: at },
    ...{ data: JSON.stringify('x'.repeat(characters - 4)), metadata: '{}' },
  });
  const revisionsOf = (streams: RecentStreams, stream: string): number[] | undefined =>
    streams.of(stream)?.map(({ revision }) => revision);
  const streams = new RecentStreams(1_000);
  streams.add([appended('a-1', 0), appended('a-1', 1), appended('b-1', 3), appended('c-1', 0)]);
  t.same(revisionsOf(streams, 'a-1'), [0, 1]);
  t.equal(revisionsOf(streams, 'b-1'), undefined, 'others have begun it');
  streams.add([appended('c-1', 2)]);
  t.equal(revisionsOf(streams, 'c-1'), undefined, 'others have written to it');
  streams.add(['d-1', 'e-1', 'f-1', 'g-1', 'h-1', 'i-1', 'j-1', 'k-1'].map((stream) => appended(stream, 0)));
  t.same(revisionsOf(streams, 'a-1'), [0, 1]);
  streams.add([appended('l-1', 0), appended('m-1', 0)]);
  t.equal(revisionsOf(streams, 'd-1'), undefined, 'it was used the longest time ago');
  t.same(revisionsOf(streams, 'a-1'), [0, 1]);
  streams.add(Array.from({ length: 50 }, () => appended('a-1', 0)));
  t.same(revisionsOf(streams, 'a-1'), [0], 'begun again, as after the restore of an older copy');
  t.same(revisionsOf(streams, 'm-1'), [0], 'which takes the place of what was kept, and no more');
  streams.add([appended('n-1', 0, 2_000)]);
  t.equal(revisionsOf(streams, 'n-1'), undefined, 'larger than all that may be kept');
  t.equal(revisionsOf(streams, 'm-1'), undefined);
  t.end();
});
