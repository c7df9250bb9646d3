import t from 'tap';
import { eventStoreDbLog, freshNamespace } from '../../../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../../../support/event-store/namespaced.js';
import { workedCases } from '../../../support/stock/cases.js';

void t.test('on EventStoreDB the stock is right in each worked case', { timeout: 180_000 }, async (t) => {
  const { another } = await eventStoreDbLog(t);
  const namespace = freshNamespace();
  await workedCases(t, () => new Namespaced(another(), namespace));
});
