import t from 'tap';
import { eventStoreDbLog, freshNamespace } from '../../../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../../../support/event-store/namespaced.js';
import { randomHistories } from '../../../support/random-histories.js';

void t.test(
  'on EventStoreDB: whatever is sent, twice too, and whatever is restarted meanwhile: every total, count and list is right',
  { timeout: 180_000 },
  async (t) => {
    const log = await eventStoreDbLog(t);
    await randomHistories(t, 2, () => {
      const namespace = freshNamespace();
      return () => new Namespaced(log.another(), namespace);
    });
    t.pass('2 histories');
  },
);
