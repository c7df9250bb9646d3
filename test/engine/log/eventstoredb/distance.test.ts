/** How far read models are behind is counted to the head as it was when asked, in one pass, however fast others write. */
import t from 'tap';
import { type Position, START } from '../../../../src/engine/core/event-store.js';
import { numbered } from '../../../support/event-store/case.js';
import { fill, onStandIn, type OnStandIn } from '../../../support/event-store/on-stand-in.js';

t.setTimeout(300_000);

/** Somebody appends whenever the log is read, so that there is always something new behind the end of a pass. */
function busy({ server }: OnStandIn, stream: string): { readonly reads: number } {
  const seen = { reads: 0 };
  const appended = (): false => {
    seen.reads += 1;
    fill(server.log, stream, 2);
    return false;
  };
  server.faults.add('readAll', 'unavailable', { times: Infinity, stream: appended });
  return seen;
}

for (const writer of ['order-busy', 'basket-of-others']) {
  void t.test(`the distance is counted to an end while ${writer} grows with every read`, async (t) => {
    const on = await onStandIn(t);
    const { store } = on;
    const { position } = await store.append('order-1', numbered(3), 'none');
    await store.append('user-1', numbered(2), 'none');
    const seen = busy(on, writer);
    const read = [
      { position: START, filter: { streamPrefixes: ['order-'] } },
      { position, filter: { streamPrefixes: ['order-', 'user-'] } },
      { position: START, filter: { streamPrefixes: ['user-'] } },
      { position: START, filter: { streamPrefixes: ['product-'] } },
    ];
    const more = writer.startsWith('order-') ? 2 : 0;
    const counted = (await store.distances(read, 1_000)).map(({ events }) => events);
    t.same(counted, [3 + more, 2 + more, 2, 0]);
    t.ok(seen.reads <= 4, `${seen.reads} reads for ${read.length} models`);
  });
}

void t.test('what has read all costs one look, and a cap is the end of the pass', async (t) => {
  const on = await onStandIn(t);
  const { store } = on;
  const { position } = await store.append('order-1', numbered(3_000), 'none');
  const seen = busy(on, 'order-2');
  const filter = { streamPrefixes: ['order-'] };
  t.match(await store.distances([{ position: 'f'.repeat(32) as Position, filter }], 10), [{ events: 0 }]);
  t.equal(seen.reads, 1);
  t.match(await store.distances([{ position: START, filter }], 10), [{ events: 10 }]);
  t.match(
    await store.distances(
      [
        { position, filter },
        { position: START, filter },
      ],
      1,
    ),
    [{ events: 1 }, { events: 1 }],
  );
});

void t.test('the signal ends the counting with what was counted', async (t) => {
  const on = await onStandIn(t);
  fill(on.server.log, 'order-1', 10);
  const stop = new AbortController();
  let reads = 0;
  // The head is told; the pass behind it is not.
  const isPass = (): boolean => {
    if (++reads > 1) setTimeout(() => stop.abort(), 200);
    return reads > 1;
  };
  on.server.faults.add('readAll', 'never', { times: Infinity, stream: isPass });
  const read = [{ position: START, filter: { streamPrefixes: ['order-'] } }];
  t.same(await on.store.distances(read, 100, stop.signal), [{ events: 0, oldest: null }]);
});
