import t from 'tap';
import { eventStoreDbLog, freshNamespace } from '../../../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../../../support/event-store/namespaced.js';
import { answersAsThen, shopWithAPast } from '../../../support/past.js';

void t.test('on EventStoreDB every route answers as it did then, by token and by time', async (t) => {
  const { another } = await eventStoreDbLog(t);
  await answersAsThen(t, await shopWithAPast(t, { store: new Namespaced(another(), freshNamespace()) }));
});
