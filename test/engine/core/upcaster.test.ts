import t from 'tap';
import { decode, eventType, UnreadableEvent } from '../../../src/engine/core/event-type.js';
import type { Position } from '../../../src/engine/core/event-store.js';
import type { JsonObject, RecordedEvent } from '../../../src/engine/core/message.js';
import { upcast } from '../../../src/engine/core/upcaster.js';
import { z } from 'zod';

const first = (data: JsonObject): JsonObject => ({ ...data, currency: 'EUR' });
const second = (data: JsonObject): JsonObject => ({
  amount: { minor: data['price'] ?? 0, currency: data['currency'] ?? '' },
});
const priced = eventType(
  'Priced',
  z.strictObject({ amount: z.strictObject({ minor: z.int(), currency: z.string() }) }),
  { upcasters: [first, second] },
);

function stored(schema_version: number, data: JsonObject): RecordedEvent {
  const ids = { command_id: 'c', fingerprint: 'f', correlation_id: 'c', causation_id: 'c' };
  const metadata = { schema_version, ...ids, actor: { kind: 'clerk', id: null } };
  const place = {
    position: '0000000000000007' as Position,
    stream: 'x-1',
    revision: 3,
    recordedAt: '2026-01-01T00:00:00.000Z',
  };
  return { ...place, id: '018f0000-0000-7000-8000-000000000001', type: 'Priced', data, metadata };
}

t.test('an event type is of the version that its upcasters lead to', async (t) => {
  t.equal(priced.version, 3);
});

t.test('every older shape reaches the schema through its upcasters, in order', async (t) => {
  const amount = { minor: 5, currency: 'EUR' };
  t.same(decode(stored(1, { price: 5 }), priced).data, { amount });
  t.same(decode(stored(2, { price: 5, currency: 'USD' }), priced).data, { amount: { minor: 5, currency: 'USD' } });
  t.same(decode(stored(3, { amount }), priced).data, { amount });
});

t.test(
  'an event of an unknown version, of another shape or without metadata is unreadable and says where',
  async (t) => {
    t.throws(() => decode(stored(4, {}), priced), UnreadableEvent);
    t.throws(() => decode(stored(0, {}), priced), /x-1@3.*version 0/);
    t.throws(() => decode(stored(3, { amount: 5 }), priced), {
      message: 'event Priced at x-1@3: data.amount: must be an object',
    });
    const faults = { a: 1, amount: { b: 1, minor: 'x' } };
    t.throws(() => decode(stored(3, faults), priced), { message: /^event Priced at x-1@3: .*; and 1 more$/ }, 'a line');
    t.throws(() => decode({ ...stored(3, {}), metadata: {} }, priced), /metadata\.schema_version/);
  },
);

t.test('an upcaster never changes the data it is given', async (t) => {
  const data = Object.freeze({ price: 5 });
  upcast(data, 1, [first, second]);
  t.same(data, { price: 5 });
});
