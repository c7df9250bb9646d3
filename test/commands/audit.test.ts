import { Writable } from 'node:stream';
import t from 'tap';
import { CommandHandler } from '../../src/engine/core/command-handler.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import { type AuditEntry, printAudit } from '../../src/commands/audit.js';
import { Outlet } from '../../src/commands/outlet.js';
import { userWithHistory } from '../support/long-history.js';
import { orderlog, settingsFor } from '../support/orderlog.js';
import { demo, runningApp } from '../support/running-app.js';

const EVENTS = 10_000;
/** The name of the user after each of them. */
const NAMES = Array.from({ length: EVENTS }, (_, revision) => String(revision));

interface AuditDocument {
  readonly kind: string;
  readonly id: string;
  readonly stream: string;
  readonly events: readonly AuditEntry[];
}

/** Counts what is read and not yet printed. */
class Reading {
  most = 0;
  text = '';
  readonly handler: CommandHandler;
  readonly output: Outlet;
  #ahead = 0;

  constructor({ store, vault }: CommandHandler, stop?: { readonly at: string; readonly by: AbortController }) {
    const read: EventStore['read'] = (...options) => this.#counted(store.read(...options));
    this.handler = new CommandHandler(Object.assign(Object.create(store) as EventStore, { read }), vault);
    const sheet = new Writable({
      // Always full: a writer that does not wait for it is ahead.
      highWaterMark: 1,
      write: (piece: Buffer, _, done) => {
        this.text += piece.toString();
        this.#ahead -= 1;
        if (stop && this.text.includes(stop.at)) stop.by.abort(new Error('interrupted'));
        setImmediate(done);
      },
    });
    this.output = new Outlet(sheet);
  }

  async *#counted(events: ReturnType<EventStore['read']>): ReturnType<EventStore['read']> & AsyncGenerator {
    for await (const event of events) {
      this.#ahead += 1;
      this.most = Math.max(this.most, this.#ahead);
      yield event;
    }
  }
}

async function printed(json: boolean): Promise<Reading> {
  const reading = new Reading(longLived.runtime.handler);
  await printAudit(reading, { kind: 'user', id, json }, reading.output, new AbortController().signal);
  return reading;
}

const longLived = await runningApp(t, { projectors: false });
const id = await userWithHistory(longLived, EVENTS);

t.test('a history of 10,000 events is printed event by event, for people and for machines', async (t) => {
  const forMachines = await printed(true);
  const { events, ...head } = JSON.parse(forMachines.text) as AuditDocument;
  t.same(head, { kind: 'user', id, stream: `user-${id}` });
  t.same(
    events.map(({ data }) => data['name']),
    NAMES,
    'each once, in order, in the clear',
  );
  const forPeople = await printed(false);
  t.same(
    [...forPeople.text.matchAll(/^ {6}name: (.*)$/gm)].map(([, name]) => name),
    NAMES,
  );
  for (const { most } of [forMachines, forPeople]) t.ok(most <= 2, `${most} events are held at once`);

  const command = await orderlog(settingsFor(longLived.database, longLived.dataDir), 'audit', 'user', id, '--json');
  t.equal(command.code, 0, command.stderr);
  t.same((JSON.parse(command.stdout) as AuditDocument).events, events, 'the command prints the same');

  const by = new AbortController();
  const stopped = new Reading(longLived.runtime.handler, { at: '"name":"700"', by });
  await t.rejects(printAudit(stopped, { kind: 'user', id, json: true }, stopped.output, by.signal), {
    name: 'PrintedInPart',
  });
  t.ok((JSON.parse(stopped.text) as AuditDocument).events.length < 800, 'one that is stopped ends as a document, too');
});

t.test('a reader of the pages of a history gets each event once, and no page reads more than it shows', async (t) => {
  const { store } = longLived.runtime;
  const read = store.read.bind(store);
  let events = 0;
  store.read = async function* (...options) {
    for await (const event of read(...options)) {
      events += 1;
      yield event;
    }
  };
  const names: string[] = [];
  for (let next: string | null = `/v1/users/${id}/events?limit=100`; next !== null;) {
    events = 0;
    const { body } = await longLived.http.ok('GET', next);
    const page = body as { data: { data: { name: string } }[]; next: string | null };
    names.push(...page.data.map(({ data }) => data.name));
    t.ok(events <= 101, `${events} events for the page from ${names.length - page.data.length}`);
    next = page.next;
  }
  t.same(names, NAMES);
});

t.test('an audit says what happened, when, who did it, and why', async (t) => {
  const shop = await runningApp(t, { seed: demo });
  const settings = settingsFor(shop.database, shop.dataDir);
  const { user_id } = await shop.registerUser();
  const { order_id } = await shop.placeOrder(user_id, [1, 2]);
  await shop.http.ok('POST', `/v1/orders/${order_id}/cancel`, {
    ...{ json: { reason: 'changed my mind' } },
    headers: { 'x-request-id': 'request-17' },
  });
  const { stdout } = await orderlog(settings, 'audit', 'order', order_id, '--json');
  const { events } = JSON.parse(stdout) as AuditDocument;
  t.match(events, [
    { revision: 0, type: 'OrderPlaced', actor: { kind: 'anonymous', id: null }, data: { user_id } },
    { revision: 1, type: 'OrderCancelled', correlation_id: 'request-17', data: { reason: 'changed my mind' } },
  ]);
  const cancelled = events[1] as AuditEntry;
  const text = (await orderlog(settings, 'audit', 'order', order_id)).stdout;
  t.match(
    text,
    `order ${order_id} (stream order-${order_id})\n\n  0  OrderPlaced  ${events[0]?.recorded_at}  by anonymous`,
  );
  t.match(text, `\n\n  1  OrderCancelled  ${cancelled.recorded_at}  by anonymous\n`);
  t.match(text, `      command ${cancelled.command_id}, correlation ${cancelled.correlation_id}\n`);
  t.match(text, '      reason: changed my mind\n');
  t.equal((await orderlog(settings, 'audit', 'order', order_id.toUpperCase())).stdout, text, 'in capitals too');

  t.match((await orderlog(settings, 'audit', 'product', '1')).stdout, /ProductAdded/);
  const unknown = await orderlog(settings, 'audit', 'order', user_id, '--json');
  t.equal(unknown.code, 2);
  t.match(JSON.parse(unknown.stdout), {
    error: { name: 'WrongUse', message: `there are no events of order ${user_id}` },
  });
});
