import t from 'tap';
import { projections } from '../../projections/index.js';
import { categoryEvents } from '../../src/category/events.js';
import type { EventTypes } from '../../src/engine/core/event-type.js';
import { orderEvents } from '../../src/order/events.js';
import { productEvents } from '../../src/product/events.js';
import { stockEvents } from '../../src/stock/events.js';
import { userEvents } from '../../src/user/events.js';

// What is read must carry the revision that If-Match is compared with, whatever moved it.
const { OrderAbandoned: _ofNoOrder, ...ofOrders } = orderEvents;
const showing: readonly (readonly [model: string, events: EventTypes])[] = [
  ['category-tree', categoryEvents],
  // An abandoned order is an unknown one: it has no revision to show.
  ['user-orders', ofOrders],
  ['users', userEvents],
  ['products', productEvents],
  ['stock', stockEvents],
];

for (const [model, events] of showing) {
  t.test(`${model} shows revisions, so it hears every event that moves one`, async (t) => {
    const handlers = projections.find(({ name }) => name === model)?.handlers ?? {};
    t.same(
      Object.keys(events).filter((type) => !(type in handlers)),
      [],
    );
  });
}

t.test(
  'each read model reads the streams of what it handles and of its keys, and knows them as they are written',
  async (t) => {
    const written: Readonly<Record<string, EventTypes>> = {
      categoryTree: categoryEvents,
      product: productEvents,
      user: userEvents,
      order: orderEvents,
      stock: stockEvents,
    };
    for (const { name, reads, keyedBy = [], handlers } of projections) {
      for (const [category, types] of Object.entries(reads)) t.equal(types, written[category], `${name}: ${category}`);
      t.same(
        keyedBy.filter((category) => !(category in reads)),
        [],
        name,
      );
      for (const { eventType } of Object.values(handlers))
        t.ok(
          Object.values(reads).some((types) => types[eventType.type] === eventType),
          `${name}: ${eventType.type}`,
        );
    }
  },
);

t.test('each read model has a name of its own', async (t) => {
  const names = projections.map(({ name }) => name);
  t.same(names.toSorted(), [...new Set(names)].sort());
});
