import t from 'tap';
import { randomHistories } from '../support/random-histories.js';

void t.test(
  'whatever is sent, even twice, and whatever restarts meanwhile: every total, count and list is what its definition says',
  { timeout: 120_000 },
  async (t) => {
    await randomHistories(t, 4);
    t.pass('4 histories');
  },
);
