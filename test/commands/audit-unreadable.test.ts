import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import { EventStoreUnavailable } from '../../src/engine/core/errors.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import { type AuditEntry, printAudit } from '../../src/commands/audit.js';
import { Outlet } from '../../src/commands/outlet.js';
import { orderlog, settingsFor } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';
import { orderOfMixedEvents } from '../support/unreadable.js';

const shop = await runningApp(t, { seed: demo, projectors: false });

t.test('an audit shows every event, those that can not be read as stored and marked, and is a finding', async (t) => {
  const { orderId, stream, sealed } = await orderOfMixedEvents(shop);
  const settings = settingsFor(shop.database, shop.dataDir);
  const { code, stdout, stderr } = await orderlog(settings, 'audit', 'order', orderId, '--json');
  const { events } = JSON.parse(stdout) as { events: AuditEntry[] };
  t.equal(code, 1);
  t.equal(
    stderr,
    `orderlog: all events are shown, but this version can not read ${stream}@1, ${stream}@2, ${stream}@3, ${stream}@4, ` +
      `${stream}@6: what is shown of them is as stored\n`,
  );
  t.same(
    events.map(({ unreadable }) => unreadable === undefined),
    [true, false, false, false, false, true, false],
  );
  t.match(events[1], {
    ...{ revision: 1, type: 'OrderShipped', actor: { kind: 'clerk', id: 'key-1' }, command_id: 'command-1' },
    ...{ data: { carrier: 'by sea', notes: [{ text: null }] } },
    unreadable: 'this stream category has no such event type',
  });
  t.match(events[4], {
    ...{ actor: { kind: 'clerk', id: null }, command_id: 'command-2', correlation_id: null, causation_id: null },
    unreadable: 'metadata.schema_version is not an integer',
  });

  const forPeople = await orderlog(settings, 'audit', 'order', orderId);
  t.equal(forPeople.code, 1);
  t.match(
    forPeople.stdout,
    '\n      CAN NOT BE READ: this stream category has no such event type\n      command command-1,',
  );
  t.match(forPeople.stdout, '\n      command command-2, caused by unknown, correlation unknown\n');
  t.equal([...forPeople.stdout.matchAll(/CAN NOT BE READ/g)].length, 5);
  t.match(forPeople.stdout, /\n {2}6 {2}OrderCancelled /);
  for (const shown of [stdout, forPeople.stdout])
    t.notOk(shown.includes(sealed) || shown.includes('told in the clear'));
});

t.test('an audit that the log breaks off says so in its document', async (t) => {
  const { order_id } = await shop.placeOrder((await shop.registerUser()).user_id, [1]);
  const { store, vault } = shop.runtime.handler;
  const read: EventStore['read'] = async function* (...options) {
    yield* store.read(...options);
    throw new EventStoreUnavailable('the log is gone');
  };
  const handler = new CommandHandler(Object.assign(Object.create(store) as EventStore, { read }), vault);
  const output = new PassThrough();
  const options = { kind: 'order', id: order_id, json: true } as const;
  await t.rejects(printAudit({ handler }, options, new Outlet(output), new AbortController().signal), {
    name: 'PrintedInPart',
  });
  output.end();
  t.match(JSON.parse(await text(output)), {
    events: [{ type: 'OrderPlaced' }],
    error: { name: 'PrintedInPart', message: 'the log is gone' },
  });
});
