import t from 'tap';
import { isReached, ratioOf, wordsOf } from '../../bench/figures.js';

t.test('the ratio is the median of those of the rounds, and there is none without a peer', async (t) => {
  t.equal(ratioOf({ ours: [10, 40, 20], peer: [5, 10, 20] }), 2, 'of 2, 4 and 1');
  t.equal(ratioOf({ ours: [100, 3, 300], peer: [50, 1, 150] }), 2, 'one slow round of both sides changes nothing');
  t.equal(ratioOf({ ours: [10], peer: null }), null);
});

t.test('a mark is reached or not, on its very value too, and unknown without a mark or a peer', async (t) => {
  const figure = { ours: [20], peer: [10] };
  t.equal(isReached({ ...figure, mark: { ratioAtLeast: 2 } }), true);
  t.equal(isReached({ ...figure, mark: { ratioAtLeast: 2.01 } }), false);
  t.equal(isReached({ ...figure, mark: { ratioAtMost: 1 } }), false);
  t.equal(isReached({ ...figure, mark: { atLeast: 20 } }), true);
  t.equal(isReached({ ...figure, mark: { atMost: 19 } }), false);
  t.equal(isReached({ ...figure, mark: { moreAtMost: 10 } }), true);
  t.equal(isReached({ ...figure, mark: { moreAtMost: 9.9 } }), false);
  t.equal(isReached({ ...figure, mark: null }), null);
  t.equal(isReached({ ours: [20], peer: null, mark: { ratioAtLeast: 2 } }), null);
  t.equal(wordsOf({ atLeast: 40_000 }), 'at least 40,000');
  t.equal(wordsOf({ ratioAtMost: 1 }), 'at most 1 times');
});
