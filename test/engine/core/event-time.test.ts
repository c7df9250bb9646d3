/** Which field of an event says when it happened: the `at` of a later command is never before that, and follows no other time. */
import t from 'tap';
import { z } from 'zod';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import { eventType, type FactOf } from '../../../src/engine/core/event-type.js';
import { streamName } from '../../../src/engine/core/stream.js';
import type { StreamBinding } from '../../../src/engine/core/stream-access.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { testContext } from '../../support/context.js';
import { MemoryVault } from '../../support/memory-vault.js';

const schema = z.strictObject({ deliver_at: z.iso.datetime(), sent_at: z.iso.datetime() });
const types = {
  ParcelSent: eventType('ParcelSent', schema, { time: 'sent_at' }),
  ParcelOpened: eventType('ParcelOpened', z.strictObject({ opened_at: z.iso.datetime() })),
};
type Command =
  | { readonly type: 'Send'; readonly deliver_at: string; readonly at: string }
  | { readonly type: 'Open'; readonly at: string };

/** The state is the time of the last event. */
const parcels: StreamBinding<string | null, Command, FactOf<typeof types>> = {
  name: (id) => streamName('parcel', id),
  types,
  decider: {
    initialState: null,
    decide: (_, command) =>
      command.type === 'Send'
        ? [{ type: 'ParcelSent', data: { deliver_at: command.deliver_at, sent_at: command.at } }]
        : [{ type: 'ParcelOpened', data: { opened_at: command.at } }],
    evolve: (_, event) => (event.type === 'ParcelSent' ? event.data.sent_at : event.data.opened_at),
  },
};

void t.test('a time to come is not taken for the time of the event, so later events keep their own', async (t) => {
  const handler = new CommandHandler(new MemoryEventStore(), new MemoryVault());
  const sent = { type: 'Send', deliver_at: '2026-12-24T00:00:00.000Z', at: '2026-01-02T00:00:00.000Z' } as const;
  await handler.execute(parcels, '1', sent, testContext());
  const opened = { type: 'Open', at: '2026-01-03T00:00:00.000Z' } as const;
  t.equal((await handler.execute(parcels, '1', opened, testContext())).state, opened.at);
  const back = { type: 'Open', at: '2026-01-01T00:00:00.000Z' } as const;
  t.equal((await handler.execute(parcels, '1', back, testContext())).state, opened.at, 'and the clock is not set back');
});

void t.test('an event type with several times does not compile until it names its own', async (t) => {
  // @ts-expect-error two fields could say when it happened
  const unnamed = eventType('ParcelSent', schema);
  // @ts-expect-error no text whose name ends in _at
  const wrong = eventType('ParcelSent', schema, { time: 'sent' });
  const withNull = z.strictObject({ paid_at: z.string().nullable(), placed_at: z.string() });
  // @ts-expect-error one that may be null could say it, too
  const nullable = eventType('ParcelPaid', withNull);
  const counts = z.strictObject({ looked_at: z.int(), sent_at: z.string() });
  t.same(
    [unnamed, nullable, eventType('ParcelSeen', counts)].map(({ time }) => time),
    [null, null, null],
  );
  t.equal(wrong.type, 'ParcelSent');
});
