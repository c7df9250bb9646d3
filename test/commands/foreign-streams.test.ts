/** A server may hold streams of other applications: they are neither shown nor judged. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { Position } from '../../src/engine/core/event-store.js';
import type { JsonObject } from '../../src/engine/core/message.js';
import { MemoryEventStore } from '../../src/engine/log/memory.js';
import { holdsOtherUsers } from '../../src/commands/demo.js';
import { printEvents } from '../../src/commands/events.js';
import { Outlet } from '../../src/commands/outlet.js';
import { WrongUse } from '../../src/commands/output.js';
import { witnessedStreams } from '../../src/streams.js';
import { LogWitness } from '../../src/engine/verifying/log-witness.js';
import { failure, newEvent, numbered } from '../support/event-store/case.js';

t.test('what others keep on the server proves nothing about the streams of Orderlog', (t) => {
  const witness = new LogWitness({ prefix: 'verify_test' }, witnessedStreams);
  const at = { id: 'a', position: '1' as Position, recordedAt: '2026-01-01T00:00:00.000Z', metadata: {}, data: {} };
  // Scavenged; with a `$` type between the two; a name without a category; one that only begins like ours.
  const others = ['weird@7', 'weird@9', 'basket-1@3', 'orders-1@5', 'order@2', 'productSkus-x@4'];
  for (const one of [...others, 'order-1@0', 'order-1@1']) {
    const [stream = '', revision] = one.split('@');
    witness.see({ ...at, stream, revision: Number(revision), type: 'SkuClaimed' });
  }
  const [runs, claims, , unknown] = witness.rows().map(({ rows }) => [...rows]);
  t.same(runs, [['order-1', 0, 1, 2]]);
  t.same(claims, [['order-1', 1, undefined]]);
  t.equal(unknown?.length, 2);
  t.end();
});

t.test('`events` shows the streams of Orderlog alone, at once and as they come', async (t) => {
  const store = new MemoryEventStore();
  const tokens = { encode: String, decode: (token: string) => token as Position };
  const engine = { resolvePoint: (token: string) => Promise.resolve(token as Position) };
  await store.append('weird', numbered(2), 'none');
  await store.append('order-1', [newEvent()], 'none');
  await store.append('orders-1', [newEvent()], 'none');
  await store.append('productSku-a', [newEvent()], 'none');
  const printed = async (options: { readonly follow?: boolean }): Promise<string[]> => {
    const output = new PassThrough();
    const stop = new AbortController();
    const printing = printEvents({ store, engine, tokens }, options, new Outlet(output), stop.signal);
    if (options.follow) setTimeout(() => stop.abort(), 300);
    await printing;
    output.end();
    const lines = (await text(output)).trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { stream: string }).stream);
  };
  const ours = ['order-1', 'productSku-a'];
  t.same(await printed({}), ours);
  t.same(await printed({ follow: true }), ours);
  const named = printEvents(
    { store, engine, tokens },
    { stream: 'weird' },
    new Outlet(new PassThrough()),
    new AbortController().signal,
  );
  const error = await failure(named);
  t.type(error, WrongUse);
  t.match(error, { message: /"weird" is no stream of Orderlog: their names begin with categoryTree-, product-/ });
});

t.test('`demo` counts a user whose event has no metadata, or no actor, as one of others', async (t) => {
  const { signal } = new AbortController();
  for (const metadata of [null, 'text', 7, [], {}, { actor: null }, { actor: 'text' }, { actor: { id: null } }]) {
    const store = new MemoryEventStore();
    t.equal(await holdsOtherUsers(store, signal), false);
    const registered = { ...newEvent(), type: 'UserRegistered', metadata: metadata as JsonObject };
    await store.append('user-1', [registered], 'none');
    t.equal(await holdsOtherUsers(store, signal), true, JSON.stringify(metadata));
  }
});

t.test('data that others have written name no document', (t) => {
  const id = '01a22a0d-51f6-42eb-8c77-94edcdda3bfb';
  t.same(witnessedStreams.references({ id_proof: { document_id: id } }), [id]);
  for (const data of [null, 'text', [], { id_proof: 'text' }, { id_proof: { document_id: '../x' } }]) {
    t.same(witnessedStreams.references(data as JsonObject), [], JSON.stringify(data));
  }
  for (const document_id of [7, null, {}, ['x']]) {
    t.same(witnessedStreams.references({ id_proof: { document_id } }), [], JSON.stringify(document_id));
  }
  t.end();
});
