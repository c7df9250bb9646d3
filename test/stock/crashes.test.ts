/** A process dies between two steps of placing, canceling or paying. Its successor and the reactor finish what it left. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { Refusal } from '../../src/engine/core/errors.js';
import type { EventStore } from '../../src/engine/core/event-store.js';
import { MemoryEventStore, testContext } from '../../src/engine/testing.js';
import { beforeAppends } from '../support/before-appends.js';
import { type Lines, StockProcess } from './stock-in-memory.js';

class Killed extends Error {
  override readonly name = 'Killed';
}

/** A log that a process reaches for so many appends; with the next one it dies, before or after it takes effect. */
function dyingAfter(store: EventStore, appends: number, takesEffect: boolean): EventStore {
  let left = appends;
  return new Proxy(store, {
    get: (target, name) => {
      if (name !== 'append') return (target[name as keyof EventStore] as (...a: unknown[]) => unknown).bind(target);
      return async (...args: Parameters<EventStore['append']>) => {
        if (left < 0) throw new Killed('dead');
        if (left-- > 0) return target.append(...args);
        if (takesEffect) await target.append(...args);
        throw new Killed('killed');
      };
    },
  });
}

async function typesOf(store: EventStore, prefix: string): Promise<string[]> {
  const types: string[] = [];
  for await (const { stream, type, data } of store.readAll({ filter: { streamPrefixes: [prefix] } })) {
    types.push(
      `${stream.startsWith('order-') ? 'order' : stream} ${type}${data['cause'] ? ` ${data['cause'] as string}` : ''}`,
    );
  }
  return types;
}

const LINES: Lines = [
  [2, 3],
  [1, 2],
  [2, 1],
];

async function counted(): Promise<MemoryEventStore> {
  const store = new MemoryEventStore();
  const clerk = new StockProcess(store);
  for (const id of [1, 2]) await clerk.stock(id, { type: 'CountStock', on_hand: 5, reason: null });
  return store;
}

function idsOf(): (attempt: number) => string {
  const ids: string[] = [];
  return (attempt) => (ids[attempt] ??= randomUUID());
}

for (const takesEffect of [false, true]) {
  const when = takesEffect ? 'after' : 'before';
  for (const step of [0, 1, 2]) {
    t.test(
      `killed ${when} append ${step + 1} of placing, then sent again: one reservation a product, one order`,
      async (t) => {
        const store = await counted();
        const [context, idOf] = [testContext({ key: randomUUID() }), idsOf()];
        const dying = new StockProcess(dyingAfter(store, step, takesEffect));
        await t.rejects(dying.place(LINES, context, idOf), { name: 'Killed' });
        const next = new StockProcess(store);
        const order = await next.place(LINES, context, idOf);
        const again = await new StockProcess(store).place(LINES, context, idOf);
        t.equal(again?.order_id, order?.order_id, 'the same answer');
        t.same(await typesOf(store, 'order-'), ['order OrderPlaced']);
        t.same((await typesOf(store, 'stock-')).slice(2), ['stock-1 StockReserved', 'stock-2 StockReserved']);
        t.same(order?.reserved, [
          { product_id: 1, quantity: 2 },
          { product_id: 2, quantity: 4 },
        ]);
      },
    );

    t.test(
      `killed ${when} append ${step + 1} of placing, and never sent again: nothing stays reserved for an order that is not placed`,
      async (t) => {
        const store = await counted();
        const dying = new StockProcess(dyingAfter(store, step, takesEffect));
        await t.rejects(dying.place(LINES, testContext(), idsOf()), { name: 'Killed' });
        const reactor = new StockProcess(store, true);
        await reactor.react();
        const isPlaced = (await typesOf(store, 'order-')).includes('order OrderPlaced');
        t.equal(isPlaced, step === 2 && takesEffect);
        t.match(await reactor.stateOf(1), { on_hand: 5, reserved: isPlaced ? 2 : 0 });
        t.match(await reactor.stateOf(2), { on_hand: 5, reserved: isPlaced ? 4 : 0 });
        const head = await store.head();
        await reactor.react();
        t.equal(await store.head(), head, 'done once');
      },
    );
  }

  for (const [type, on_hand] of [
    ['CancelOrder', 5],
    ['MarkPaid', 3],
  ] as const) {
    for (const step of [0, 1, 2]) {
      t.test(`killed ${when} append ${step + 1} of ${type}: the reactor does the rest, once`, async (t) => {
        const store = await counted();
        const order = await new StockProcess(store).place(LINES, testContext(), idsOf());
        const orderId = order?.order_id ?? '';
        await t.rejects(new StockProcess(dyingAfter(store, step, takesEffect)).end(orderId, type), { name: 'Killed' });
        const reactor = new StockProcess(store, true);
        await reactor.react();
        // Before the first append nothing has happened at all.
        if (step === 0 && !takesEffect) await reactor.end(orderId, type);
        for (let i = 0; i < 2; i++) {
          await reactor.end(orderId, type);
          await reactor.react();
        }
        t.match(await reactor.stateOf(1), { on_hand, reserved: 0 });
        const closed = (await typesOf(store, 'stock-')).filter((one) => /Released|Issued/.test(one));
        t.equal(closed.length, 2);
      });
    }
  }
}

t.test(
  'an order that was abandoned while its request slept is never placed: the request places one order under its next id',
  async (t) => {
    const store = await counted();
    const [context, idOf] = [testContext({ key: randomUUID() }), idsOf()];
    await t.rejects(new StockProcess(dyingAfter(store, 1, true)).place(LINES, context, idOf), { name: 'Killed' });
    await new StockProcess(store, true).react();
    const order = await new StockProcess(store).place(LINES, context, idOf);
    t.equal(order?.order_id, idOf(1));
    t.equal((await new StockProcess(store).place(LINES, context, idOf))?.order_id, idOf(1), 'and again the same one');
    t.same((await typesOf(store, 'order-')).toSorted(), ['order OrderAbandoned', 'order OrderPlaced']);
    t.match(await new StockProcess(store).stateOf(2), { reserved: 4 });
  },
);

t.test('a request that is overtaken between its reservation and its order starts again under another id', async (t) => {
  const store = await counted();
  const slow = new StockProcess(store);
  const idOf = idsOf();
  const reserve = slow.orderStock.reserve.bind(slow.orderStock);
  let isFirst = true;
  slow.orderStock.reserve = async (...args) => {
    const reserved = await reserve(...args);
    if (isFirst) await new StockProcess(store, true).react();
    isFirst = false;
    return reserved;
  };
  const order = await slow.place(LINES, testContext(), idOf);
  t.equal(order?.order_id, idOf(1));
  t.match(await slow.stateOf(1), { on_hand: 5, reserved: 2 });
  t.match(await slow.stateOf(2), { on_hand: 5, reserved: 4 });
});

t.test('an order that needs stock takes over what a dead request reserved', async (t) => {
  const store = await counted();
  const dying = new StockProcess(dyingAfter(store, 2, false));
  await t.rejects(dying.place(LINES, testContext(), idsOf()), { name: 'Killed' });
  await t.rejects(
    new StockProcess(store).place(LINES, testContext(), idsOf()),
    { code: 'out-of-stock' },
    'it is young',
  );
  t.ok(await new StockProcess(store, true).place(LINES, testContext(), idsOf()));
  t.match(await new StockProcess(store).stateOf(2), { reserved: 4 });
});

t.test('two attempts of one request at once: one order, one reservation, even after the goods have left', async (t) => {
  const store = await counted();
  const [context, idOf] = [testContext({ key: randomUUID() }), idsOf()];
  const late = new StockProcess(store);
  const reserve = late.orderStock.reserve.bind(late.orderStock);
  late.orderStock.reserve = async (...args) => {
    const prompt = new StockProcess(store);
    const order = await prompt.place(LINES, context, idOf);
    await prompt.end(order?.order_id ?? '', 'MarkPaid');
    // It reserves once more for an order that has had its goods.
    return reserve(...args);
  };
  const few: Lines = [[1, 2]];
  const lines = few;
  await late.place(lines, context, idOf).catch((error: unknown) => {
    t.ok(error instanceof Refusal);
  });
  t.match(await late.stateOf(1), { on_hand: 3, reserved: 0 });
  t.equal((await typesOf(store, 'stock-')).filter((one) => one.includes('StockIssued')).length, 2);
});

t.test(
  'an order whose caller leaves reserves nothing, and what it had begun by then is brought to an end',
  async (t) => {
    const store = await counted();
    let hasLeft = true;
    const leaving = new StockProcess(
      beforeAppends(store, async () => {
        hasLeft = true;
      }),
    );
    const place = (lines: Lines): Promise<unknown> =>
      leaving.place(lines, { ...testContext(), isCallerGone: () => hasLeft }, idsOf());
    await t.rejects(place(LINES), { code: 'overloaded' });
    t.same(await typesOf(store, 'order-'), []);
    hasLeft = false;
    const short: Lines = [
      [1, 2],
      [2, 9],
    ];
    await t.rejects(place(short), { code: 'out-of-stock' });
    t.match(await leaving.stateOf(1), { reserved: 0 }, 'what is short releases what it has reserved');
    hasLeft = false;
    await place(LINES);
    t.same(await typesOf(store, 'order-'), ['order OrderPlaced']);
    t.match(await leaving.stateOf(1), { reserved: 2 });
    t.match(await leaving.stateOf(2), { reserved: 4 });
  },
);
