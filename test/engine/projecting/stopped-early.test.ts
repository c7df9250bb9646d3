import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { stage } from './running.js';
import { tally } from './tally.js';

t.test('projectors that are stopped while they begin give their leases back', async (t) => {
  const { pool, start } = await stage(t);
  await start(tally('early')).stop();
  const rounds = Array.from({ length: 60 }, (_, i) => i);
  for (const round of rounds) {
    const projectors = start(tally('early'));
    await sleep(round % 20);
    await projectors.stop();
    const { rows } = await pool.query('select model from orderlog.checkpoints where lease_until >= clock_timestamp()');
    t.same(rows, [], `stopped after ${round % 20} ms`);
  }
});
