import t from 'tap';
import { START } from '../../../src/engine/core/event-store.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { eventStoreContract } from '../../support/event-store-contract.js';

await eventStoreContract(t, 'memory', (t) => {
  const store = new MemoryEventStore();
  t.teardown(() => store.close());
  return Promise.resolve({ store, another: () => store, disconnect: () => Promise.resolve() });
});

t.test('the head of an empty log is START', async (t) => {
  t.equal(await new MemoryEventStore().head(), START);
});
