import t from 'tap';
import type { Position } from '../../../src/engine/core/event-store.js';
import type { JsonObject } from '../../../src/engine/core/message.js';
import { LogWitness } from '../../../src/engine/verifying/log-witness.js';
import { witnessedStreams } from '../../../src/streams.js';

t.test('an event whose data is no object is seen like any other', (t) => {
  const witness = new LogWitness({ prefix: 'verify_test' }, witnessedStreams);
  const place = { id: 'a', position: '1' as Position, recordedAt: '2026-01-01T00:00:00.000Z', metadata: {} };
  for (const [revision, data] of [null, 7, ['id_proof']].entries()) {
    witness.see({ ...place, stream: 'user-a', revision, type: 'UserRegistered', data: data as unknown as JsonObject });
  }
  const copied = witness.rows().map(({ table, rows }) => [table, [...rows]]);
  t.match(copied, [['{staging}.runs', [['user-a', 0, 2, 3]]]]);
  t.end();
});
