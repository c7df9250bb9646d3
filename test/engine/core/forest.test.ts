import t from 'tap';
import { Forest, type Place } from '../../../projections/forest/forest.js';

const ids = (places: readonly Place<null>[]): number[] => places.map(({ id }) => id).sort((a, b) => a - b);

/** 1 ─ 2 ─ 3, 1 ─ 4, and 5 alone; given in no order. */
function forest(): Forest<null> {
  const rows = [
    [3, 2],
    [5, null],
    [2, 1],
    [4, 1],
    [1, null],
  ] as const;
  return Forest.of(rows.map(([id, parentId]) => ({ id, parentId, value: null })));
}

void t.test('above are the places themselves and all that they stand below, each once', (t) => {
  t.same(ids(forest().above([3, 4, 2])), [1, 2, 3, 4]);
  t.same(ids(forest().above([5])), [5]);
  t.same(ids(forest().above([6])), [], 'what is not there stands nowhere');
  t.end();
});

void t.test('below are the places themselves and all that stands below them, each once', (t) => {
  t.same(ids(forest().below([2, 1])), [1, 2, 3, 4]);
  t.same(ids(forest().below([3, 6])), [3]);
  t.end();
});

void t.test('a moved place takes along what is below it', (t) => {
  const moved = forest();
  moved.move(2, 5);
  t.same(ids(moved.above([3])), [2, 3, 5]);
  t.same(ids(moved.below([1])), [1, 4]);
  moved.move(2, null);
  t.same(ids(moved.above([3])), [2, 3]);
  t.end();
});

void t.test('a removed place stands nowhere', (t) => {
  const smaller = forest();
  smaller.remove(3);
  t.same(ids(smaller.above([3])), []);
  t.same(ids(smaller.below([2])), [2]);
  t.end();
});

void t.test('what can not be is refused', (t) => {
  t.throws(() => forest().add(1, null, null), /there already/);
  t.throws(() => forest().add(6, 7, null), /7 is not there/);
  t.throws(() => forest().move(6, 1), /6 is not there/);
  t.throws(() => forest().remove(2), /stands below/);
  t.end();
});
