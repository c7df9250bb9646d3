import t from 'tap';
import { demo, runningApp } from '../support/running-app.js';
import { event, METADATA, orderOfMixedEvents } from '../support/unreadable.js';

interface Shown {
  readonly type: string;
  readonly revision: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly unreadable?: string;
}

const shop = await runningApp(t, { seed: demo, projectors: false });

t.test(
  'the events of an order show those that can not be read as they are stored, marked, and all others',
  async (t) => {
    const { orderId, sealed } = await orderOfMixedEvents(shop);
    const { body, bytes } = await shop.http.ok('GET', `/v1/orders/${orderId}/events`);
    const { data: events, next } = body as { data: Shown[]; next: string | null };
    t.equal(next, null);
    t.same(
      events.map(({ unreadable }) => unreadable ?? null),
      [
        null,
        'this stream category has no such event type',
        'data.reference: must begin with 1.; data.amount: is not known',
        'a newer release wrote it with schema version 3; this release knows versions up to 2',
        'metadata.schema_version is not an integer',
        null,
        `the sealed text in order-${orderId}, reason, does not open: changed, or sealed elsewhere`,
      ],
    );
    t.match(events[1], {
      type: 'OrderShipped',
      data: { order_id: orderId, carrier: 'by sea', notes: [{ by: 'ship', text: null }] },
      metadata: METADATA,
    });
    t.match(events[2]?.data, { reference: null, amount: 7 });
    t.same(events[4]?.metadata, { actor: { kind: 'clerk', id: null }, command_id: 'command-2' });
    t.match(events[5], { type: 'OrderPaid', data: { reference: null }, metadata: METADATA });
    t.equal(events[6]?.data['reason'], null);
    const text = bytes.toString('utf8');
    t.notOk(text.includes(sealed) || text.includes('told in the clear'), 'neither what is sealed nor what should be');

    const page = (await shop.http.ok('GET', `/v1/orders/${orderId}/events?limit=2`)).body as { next: string };
    const rest = (await shop.http.ok('GET', page.next)).data as Shown[];
    t.same(
      rest.map(({ revision }) => revision),
      [2, 3],
      'pages go on across them',
    );
  },
);

t.test(
  "the events of a user hide what is personal and the document's key, in events that can not be read too",
  async (t) => {
    const { user_id } = await shop.registerUser();
    const { store } = shop.runtime;
    const idProof = { document_id: 'd', sha256: 'digest', key: 'of the document' };
    await store.append(
      `user-${user_id}`,
      [
        event('UserVetted', { user_id, name: 'Ada', id_proof: idProof, by: { name: 'the bank' } }),
        event('UserVetted', { user_id, name: { first: 'Ada' }, id_proof: 'none' }),
        event('constructor', { user_id }),
      ],
      0,
    );
    const events = (await shop.http.ok('GET', `/v1/users/${user_id}/events`)).data as Shown[];
    t.same(
      events.slice(1).map(({ data }) => data),
      [
        { user_id, name: null, id_proof: { document_id: 'd', sha256: null }, by: { name: 'the bank' } },
        { user_id, name: null, id_proof: 'none' },
        { user_id },
      ],
    );
  },
);

t.test('a command on a stream with an event that can not be read is refused, and told which one it is', async (t) => {
  const { orderId } = await orderOfMixedEvents(shop);
  const { status, body, headers } = await shop.http.send('POST', `/v1/orders/${orderId}/cancel`);
  t.equal(status, 503);
  const detail = `The log holds an event here that this version can not read: order-${orderId}@1.`;
  t.match(body, { code: 'event-store-unavailable', detail });
  t.equal(headers.get('retry-after'), '60');
  const { revision } = await shop.runtime.store.append(`order-${orderId}`, [event('OrderShipped', {})], 6);
  t.equal(revision, 7, 'nothing was appended');
});
