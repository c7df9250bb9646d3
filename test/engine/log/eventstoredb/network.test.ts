/** What the client asks of the network and of clocks, and what this adapter asks for instead. */
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { START } from '../../../../src/engine/core/event-store.js';
import { EventStoreDb } from '../../../../src/engine/log/eventstoredb/store.js';
import { failure, newEvent } from '../../../support/event-store/case.js';
import { onStandIn, until } from '../../../support/event-store/on-stand-in.js';

t.setTimeout(300_000);

void t.test('no call lets the server compress its answers', async (t) => {
  const asked = new Map<string, unknown>();
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    asked.set(String(headers[':path']), headers['grpc-accept-encoding']);
    // Without the service that tells what a server can do, the client uses its single append.
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const store = new EventStoreDb(`esdb://127.0.0.1:${port}?tls=false`, { giveUpAfterMs: 1 });
  const stop = new AbortController();
  const following = (async (): Promise<void> => {
    for await (const _ of store.subscribe({ from: START, signal: stop.signal })) break;
  })();
  await failure(store.append('order-1', [newEvent()], 'none'));
  await failure(store.head());
  await until(() => asked.size >= 3);
  stop.abort();
  await following;
  await store.close();
  for (const [path, encoding] of asked) t.equal(encoding, 'identity', path);
});

for (const clockAheadMs of [11_000, 3_600_000, -11_000]) {
  void t.test(`appends are taken by a server whose clock is off by ${clockAheadMs} ms`, async (t) => {
    const { store, complaints } = await onStandIn(t, { clockAheadMs });
    await store.append('order-1', [newEvent()], 'none');
    t.match(await store.append('order-1', [newEvent()], 0), { revision: 1 });
    t.same(complaints, []);
  });
}
