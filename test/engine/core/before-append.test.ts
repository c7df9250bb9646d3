/** What slices hang on a command: a command that is made late, and what must be so before the append. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { CommandHandler } from '../../../src/engine/core/command-handler.js';
import type { StreamBinding } from '../../../src/engine/core/stream-access.js';
import { streamName } from '../../../src/engine/core/stream.js';
import { eventType, type FactOf } from '../../../src/engine/core/event-type.js';
import { MemoryEventStore } from '../../../src/engine/log/memory.js';
import { MemoryVault, testContext } from '../../../src/engine/testing.js';
import { beforeAppends } from '../../support/before-appends.js';

const types = { Counted: eventType('Counted', { parse: (input) => input as { readonly n: number } }) };

/** Counts up to a number, once. */
const counter: StreamBinding<number, { readonly to: number }, FactOf<typeof types>> = {
  name: (id) => streamName('counter', id),
  types,
  decider: {
    initialState: 0,
    decide: (n, { to }) => (n >= to ? [] : [{ type: 'Counted', data: { n: to } }]),
    evolve: (_, event) => event.data.n,
  },
};

t.test('a lazy command is made once, and not for what has been carried out already', async (t) => {
  const store = new MemoryEventStore();
  const handler = new CommandHandler(store, new MemoryVault());
  let made = 0;
  const lazy = (): Promise<{ to: number }> => Promise.resolve({ to: ++made });
  const context = testContext({ key: randomUUID() });
  t.match(await handler.execute(counter, 'a', lazy, context), { state: 1, replayed: false });
  t.match(await handler.execute(counter, 'a', lazy, context), { state: 1, replayed: true });
  t.equal(made, 1);
  let races = 1;
  const racing = new CommandHandler(
    beforeAppends(store, async () => {
      if (races-- > 0) await handler.execute(counter, 'b', { to: 1 }, testContext());
    }),
    handler.vault,
  );
  t.match(await racing.execute(counter, 'b', lazy, testContext()), { state: 2, revision: 1 });
  t.equal(made, 2, 'also where the race is lost once');
});

t.test('what must be so before an append is asked for with the revision of each try', async (t) => {
  const store = new MemoryEventStore();
  const handler = new CommandHandler(store, new MemoryVault());
  const asked: number[] = [];
  const beforeAppend = async (revision: number, state: number): Promise<void> => {
    asked.push(revision, state);
    if (revision === 0) await handler.execute(counter, 'a', { to: 1 }, testContext());
  };
  t.match(await handler.execute(counter, 'a', { to: 2 }, testContext(), { beforeAppend }), { state: 2 });
  t.same(asked, [0, 0, 1, 1], 'another was first, so the next revision is named');
  await handler.execute(counter, 'a', { to: 2 }, testContext(), { beforeAppend });
  t.equal(asked.length, 4, 'a command that changes nothing appends nothing');
  const refusing = handler.execute(counter, 'a', { to: 3 }, testContext(), {
    beforeAppend: () => Promise.reject(new Error('the claim is taken')),
  });
  await t.rejects(refusing, /the claim is taken/);
  t.match(await handler.load(counter, 'a'), { state: 2, revision: 1 }, 'and nothing is recorded');
});
