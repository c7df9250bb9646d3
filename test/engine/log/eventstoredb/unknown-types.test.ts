import t from 'tap';
import { eventStoreDbLog, freshNamespace } from '../../../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../../../support/event-store/namespaced.js';
import { oneOrderWaits } from '../../../support/unknown-types.js';

void t.test('on EventStoreDB an order waits at an event of an unknown type', async (t) => {
  const { another } = await eventStoreDbLog(t);
  await oneOrderWaits(t, { store: new Namespaced(another(), freshNamespace()) });
});
