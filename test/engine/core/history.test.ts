import t from 'tap';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import type { Position } from '../../../src/engine/core/event-store.js';
import { type HistoryEvent, historyEvent } from '../../../src/engine/core/history.js';
import type { JsonObject } from '../../../src/engine/core/message.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { orderEvents } from '../../../src/order/events.js';
import { MemoryVault } from '../../support/memory-vault.js';
import { METADATA } from '../../support/unreadable.js';

const store = new MemoryEventStore();
t.teardown(() => store.close());

/** As the log may hold it, from any writer. */
function shown(data: unknown, metadata: unknown = METADATA): Promise<HistoryEvent> {
  const recorded = {
    ...{ position: '0000000000000001' as Position, stream: 'order-1', revision: 0, type: 'OrderPlaced' },
    ...{ id: '018f0000-0000-7000-8000-000000000001', recordedAt: '2026-01-01T00:00:00.000Z' },
    ...{ data: data as JsonObject, metadata: metadata as JsonObject },
  };
  return historyEvent(new CommandHandler(store, new MemoryVault()), recorded, orderEvents);
}

t.test('an event whose data or metadata are no object is shown without them, and why', async (t) => {
  for (const data of [null, 'bm8ganNvbg==', ['reason']]) {
    t.same(await shown(data), { data: {}, metadata: METADATA, unreadable: 'data: must be an object' });
  }
  for (const metadata of [null, 'bm8ganNvbg==', []]) {
    const { unreadable, ...rest } = await shown({ order_id: '1' }, metadata);
    t.same(rest, { data: { order_id: '1' }, metadata: {} });
    t.match(unreadable, /^metadata/);
  }
});

t.test('what only looks like a number with a fraction is not withheld', async (t) => {
  const { data } = await shown({ price: '1.50', version: '2.0-beta', sum: 1.5, nothing: null, yes: true });
  t.same(data, { price: '1.50', version: '2.0-beta', sum: 1.5, nothing: null, yes: true });
});
