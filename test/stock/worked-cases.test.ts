/** The worked cases on the logs of this machine; test/engine/log/eventstoredb has them on EventStoreDB. */
import t from 'tap';
import { MemoryEventStore } from '../../src/engine/testing.js';
import { Namespaced } from '../support/event-store/namespaced.js';
import { workedCases } from '../support/stock/cases.js';

/** Two processes share it, and each closes it. */
class SharedMemory extends MemoryEventStore {
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

t.test('in memory', async (t) => {
  const log = new SharedMemory();
  await workedCases(t, () => new Namespaced(log, ''));
});

t.test('in Postgres', (t) => workedCases(t, () => null));
