import { PassThrough } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { START } from '../../../../src/engine/core/event-store.js';
import { EventStoreDb } from '../../../../src/engine/log/eventstoredb/store.js';
import { Clients } from '../../../../src/engine/log/eventstoredb/clients.js';
import { Inbox } from '../../../../src/engine/log/eventstoredb/inbox.js';
import { newEvent } from '../../../support/event-store/case.js';
import { until } from '../../../support/orderlog.js';
import { standIn } from '../../../support/stand-in/stand-in.js';

void t.test('after an outage there are as many connections as before', { timeout: 60_000 }, async (t) => {
  const server = await standIn(t);
  const store = new EventStoreDb(server.url);
  t.teardown(() => store.close());
  const stop = new AbortController();
  const following = [1, 2, 3].map(async () => {
    const pages = store.subscribe({ from: START, filter: { types: ['Counted'] }, signal: stop.signal });
    for await (const page of pages) if (page.events.length > 100) break;
  });
  await store.append('outage-1', [newEvent()], 'none');
  const all = following.length + 1;
  await until(() => server.connections === all);
  for (let n = 0; n < 2; n++) {
    await server.kill();
    // Long enough for clients that are thrown away while they wait to try again.
    await sleep(2_500);
    await server.restart();
    await sleep(500);
  }
  await store.append('outage-1', [newEvent()], 0);
  await until(() => server.subscriptions.count === following.length);
  // Who has gone on connecting for nobody is there by now.
  await sleep(4_000);
  t.equal(server.connections, all);
  stop.abort();
  await Promise.all(following);
});

/** All that promises set off, and nothing that the event loop does. */
async function promises(): Promise<void> {
  for (let n = 0; n < 100; n++) await Promise.resolve();
}

// What is cancelled there makes nghttp2 write without an end: the process grows until it is killed.
void t.test('no call is cancelled from within a callback of its connection', async (t) => {
  const clients = new Clients('esdb://127.0.0.1:9?tls=false', () => undefined);
  t.teardown(() => clients.close());
  const client = clients.own();
  const cancelled: string[] = [];
  client.dispose = () => {
    cancelled.push('those of a client');
    return Promise.resolve();
  };
  const stream = Object.assign(new PassThrough({ objectMode: true }), {
    cancel: () => {
      cancelled.push('a read');
      return Promise.resolve();
    },
  });
  clients.discard(client);
  new Inbox(stream).close();
  await promises();
  t.same(cancelled, []);
  await turn();
  t.same(cancelled, ['those of a client', 'a read']);
});
