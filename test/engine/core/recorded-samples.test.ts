/**
 * A recorded sample of every version of every event type ever stored: `<Type>.v<n>.json` holds the data as it was stored
 * and what today's code must make of it. Samples are added, never changed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { categoryEvents } from '../../../src/category/events.js';
import { skuClaims } from '../../../src/product/claims.js';
import { emailClaims } from '../../../src/user/claims.js';
import type { Position } from '../../../src/engine/core/event-store.js';
import { decode, type EventTypes } from '../../../src/engine/core/event-type.js';
import type { JsonObject } from '../../../src/engine/core/message.js';
import { orderEvents } from '../../../src/order/events.js';
import { productEvents } from '../../../src/product/events.js';
import { stockEvents } from '../../../src/stock/events.js';
import { userEvents } from '../../../src/user/events.js';

const folder = join(import.meta.dirname, '../../../../test/fixtures/events');
const slices: EventTypes[] = [
  orderEvents,
  userEvents,
  productEvents,
  categoryEvents,
  stockEvents,
  skuClaims.types,
  emailClaims.types,
];
const types = slices.flatMap((slice) => Object.values(slice));
const ids = { command_id: 'c', fingerprint: 'f', correlation_id: 'c', causation_id: 'c' };

t.test('every version of every event type has a sample, and every sample a type', async (t) => {
  const wanted = types.flatMap(({ type, version }) =>
    Array.from({ length: version }, (_, i) => `${type}.v${i + 1}.json`),
  );
  t.same(readdirSync(folder).sort(), [...new Set(wanted)].sort());
});

for (const type of types) {
  t.test(`${type.type}: what was stored once is read today`, async (t) => {
    for (let version = 1; version <= type.version; version++) {
      const file = join(folder, `${type.type}.v${version}.json`);
      const sample = JSON.parse(readFileSync(file, 'utf8')) as { data: JsonObject; current: JsonObject };
      const metadata = { schema_version: version, ...ids, actor: { kind: 'clerk', id: 'k' } };
      const event = {
        position: '0000000000000001' as Position,
        stream: 'sample-1',
        revision: 0,
        id: '018f0000-0000-7000-8000-000000000001',
        type: type.type,
        recordedAt: '2026-01-01T00:00:00.000Z',
        metadata,
      };
      t.same(decode({ ...event, data: sample.data }, type).data, sample.current);
      t.throws(() => decode({ ...event, data: { ...sample.data, more: 1 } }, type), /more/, 'the schema is strict');
    }
  });
}
