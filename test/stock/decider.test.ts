import t from 'tap';
import { fold } from '../../src/engine/core/decider.js';
import type { Position } from '../../src/engine/core/event-store.js';
import { given, recorded } from '../../src/engine/testing.js';
import type { StockCommand } from '../../src/stock/commands.js';
import { availableOf, type Stock, stockDecider } from '../../src/stock/decider.js';
import type { StockFact } from '../../src/stock/events.js';
import { stockSnapshots } from '../../src/stock/snapshot.js';
import { MAX_ON_HAND } from '../../src/values.js';

const [first, second] = ['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000002'];
const counted = (on_hand: number): StockFact => ({ type: 'StockCounted', data: { on_hand, reason: null } });
const reserved = (order_id: string, quantity: number): StockFact => ({
  type: 'StockReserved',
  data: { order_id, quantity },
});
const released = (order_id: string, quantity: number, cause: 'cancelled' | 'abandoned' | 'refused'): StockFact => ({
  type: 'StockReleased',
  data: { order_id, quantity, cause },
});
const issued = (order_id: string, quantity: number): StockFact => ({
  type: 'StockIssued',
  data: { order_id, quantity },
});
const reserve = (order_id: string, quantity: number): StockCommand => ({ type: 'ReserveStock', order_id, quantity });
const release = (order_id: string): StockCommand => ({ type: 'ReleaseStock', order_id, cause: 'cancelled' });
/** Behind all that `recorded` makes. */
const LATER = 'f'.repeat(16) as Position;
const issue = (order_id: string, placed = LATER): StockCommand => ({ type: 'IssueStock', order_id, placed });

function after(...facts: StockFact[]): Stock {
  return fold(stockDecider, recorded(facts));
}

t.test('the first count starts tracking, and another one corrects what is on hand', async (t) => {
  given(t, stockDecider, [])
    .when({ type: 'CountStock', on_hand: 5, reason: null })
    .then([counted(5)]);
  given(t, stockDecider, [counted(5)])
    .when({ type: 'CountStock', on_hand: 3, reason: 'shelf' })
    .then([{ type: 'StockCounted', data: { on_hand: 3, reason: 'shelf' } }]);
  given(t, stockDecider, [counted(5)])
    .when({ type: 'CountStock', on_hand: 5, reason: null })
    .then([]);
});

t.test('a count of 0 starts tracking, too', async (t) => {
  given(t, stockDecider, [])
    .when({ type: 'CountStock', on_hand: 0, reason: null })
    .then([counted(0)]);
  t.equal(after(counted(0)).tracked, true);
});

t.test('what is received and adjusted is added each time', async (t) => {
  const stock = after(
    counted(5),
    { type: 'StockReceived', data: { quantity: 3, reference: 'R' } },
    { type: 'StockAdjusted', data: { quantity: -2, reason: 'broken' } },
  );
  t.equal(stock.on_hand, 6);
});

t.test('stock that is not tracked is neither received nor adjusted', async (t) => {
  const ended: StockFact = { type: 'StockTrackingEnded', data: { reason: null } };
  for (const facts of [[], [counted(5), ended]]) {
    const untracked = given(t, stockDecider, facts);
    untracked.when({ type: 'ReceiveStock', quantity: 1, reference: null }).refused('stock-not-tracked');
    untracked.when({ type: 'AdjustStock', quantity: -1, reason: 'x' }).refused('stock-not-tracked');
  }
});

t.test('on hand stays between 0 and what a column holds', async (t) => {
  const full = given(t, stockDecider, [counted(MAX_ON_HAND)]);
  full.when({ type: 'ReceiveStock', quantity: 1, reference: null }).refused('invalid-request');
  given(t, stockDecider, [counted(2)])
    .when({ type: 'AdjustStock', quantity: -3, reason: 'x' })
    .refused('invalid-request');
  const negative = [counted(5), reserved(first, 5), counted(2), issued(first, 5)];
  t.equal(after(...negative).on_hand, -3, 'goods of a paid order leave, whatever was counted');
  const healed = stockDecider.decide(after(...negative), { type: 'ReceiveStock', quantity: 1, reference: null });
  t.equal(healed.length, 1, 'less wrong than before is right');
});

t.test('stock is reserved as long as it is available, once an order', async (t) => {
  given(t, stockDecider, [counted(5)])
    .when(reserve(first, 5))
    .then([reserved(first, 5)]);
  given(t, stockDecider, [counted(5), reserved(first, 3)])
    .when(reserve(second, 3))
    .then([]);
  given(t, stockDecider, []).when(reserve(first, 1)).then([]);
  given(t, stockDecider, [counted(5), reserved(first, 3)])
    .when(reserve(first, 2))
    .refused('revision-conflict');
});

t.test('an order that is cancelled releases once', async (t) => {
  given(t, stockDecider, [counted(5), reserved(first, 3)])
    .when(release(first))
    .then([released(first, 3, 'cancelled')]);
  given(t, stockDecider, [counted(5), reserved(first, 3)])
    .when(release(second))
    .then([]);
  t.match(after(counted(5), reserved(first, 3), released(first, 3, 'cancelled')), { on_hand: 5, reserved: 0 });
});

t.test('an order that is paid takes its goods once', async (t) => {
  given(t, stockDecider, [counted(5), reserved(first, 3)])
    .when(issue(first))
    .then([issued(first, 3)]);
  t.match(after(counted(5), reserved(first, 3), issued(first, 3)), { on_hand: 2, reserved: 0 });
});

t.test('what was reserved again after its order was placed is released and not issued', async (t) => {
  const placedBefore = '0'.repeat(16) as Position;
  given(t, stockDecider, [counted(5), reserved(first, 3)])
    .when(issue(first, placedBefore))
    .then([released(first, 3, 'refused')]);
});

t.test('a count below what is reserved makes the available quantity negative, until a receipt heals it', async (t) => {
  const facts = [counted(5), reserved(first, 4), counted(1)];
  t.equal(availableOf(after(...facts)), -3);
  given(t, stockDecider, facts).when(reserve(second, 1)).then([]);
  const healed = [...facts, { type: 'StockReceived', data: { quantity: 4, reference: null } } as const];
  given(t, stockDecider, healed)
    .when(reserve(second, 1))
    .then([reserved(second, 1)]);
});

t.test('tracking ends when no order holds stock', async (t) => {
  const end: StockCommand = { type: 'EndStockTracking', reason: null };
  given(t, stockDecider, [counted(5), reserved(first, 3)])
    .when(end)
    .refused('stock-reserved');
  const ending = (...held: StockFact[]) => stockDecider.decide(after(counted(5), ...held), end);
  t.throws(() => ending(reserved(first, 3)), { message: '1 order holds 3 of the product. Pay or cancel it.' });
  const both = { message: '2 orders hold 4 of the product. Pay or cancel them.' };
  t.throws(() => ending(reserved(first, 3), reserved(second, 1)), both);
  given(t, stockDecider, [counted(5)])
    .when(end)
    .then([{ type: 'StockTrackingEnded', data: { reason: null } }]);
  given(t, stockDecider, []).when(end).then([]);
});

t.test('a snapshot holds the whole state', async (t) => {
  const stock = after(
    counted(9),
    reserved(first, 3),
    reserved(second, 1),
    released(second, 1, 'cancelled'),
    counted(8),
  );
  const again = stockSnapshots.read(JSON.parse(JSON.stringify(stockSnapshots.write(stock))));
  t.same(
    { ...again, reservations: [...again.reservations.values()] },
    {
      ...stock,
      reservations: [...stock.reservations.values()],
    },
  );
  t.equal(again.reservations.get(first)?.quantity, 3);
  t.throws(() => stockSnapshots.read({ tracked: true }));
});
