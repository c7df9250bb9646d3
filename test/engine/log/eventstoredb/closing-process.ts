/** A process that closes stores on whose servers something is under way; it has to end by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '../../../../src/engine/core/event-store.js';
import { EventStoreDb } from '../../../../src/engine/log/eventstoredb/store.js';
import { collect, newEvent } from '../../../support/event-store/case.js';

const servers = JSON.parse(process.argv[2] ?? '[]') as [name: string, url: string][];
const left: Promise<unknown>[] = [];
const stores = servers.map(([name, url]) => {
  const store = new EventStoreDb(url);
  left.push(
    store.append('order-9', [newEvent()], 'none'),
    store.append('order-9', [newEvent()], 'any'),
    store.logId(),
    store.head(),
    collect(store.subscribe({ from: START, signal: new AbortController().signal })),
  );
  left.push(
    (async (): Promise<void> => {
      for await (const event of store.read('order-1')) await sleep(event.revision < 0 ? 0 : 1);
    })(),
    (async (): Promise<void> => {
      for await (const { events } of store.subscribe({
        from: START,
        pageSize: 1,
        signal: new AbortController().signal,
      }))
        await sleep(events.length);
    })(),
  );
  return [name, store] as const;
});
for (const promise of left) promise.catch(() => undefined);
await sleep(700);
const times = await Promise.all(
  stores.map(async ([name, store]) => {
    const since = Date.now();
    await store.close();
    return [name, Date.now() - since];
  }),
);
console.log(`closed ${JSON.stringify(times)}`);
await Promise.allSettled(left);
