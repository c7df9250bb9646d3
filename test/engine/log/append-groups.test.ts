import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { newEvent } from '../../support/event-store/case.js';
import { postgresLog } from '../../support/event-store/postgres-log.js';

const WRITERS = 16;
const ROUNDS = 25;

t.test('those who come again as soon as they are answered go together with those who waited', async (t) => {
  const { store, pool } = await postgresLog(t);
  const writer = async (name: string): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      await store.append(`test-${name}`, [newEvent('Written')], round === 0 ? 'none' : round - 1);
      // As a client does that has got the answer.
      await turn();
    }
  };
  await store.append('test-first', [newEvent('Written')], 'none');
  const early = Array.from({ length: WRITERS / 2 }, (_, i) => writer(`early-${i}`));
  // The group of these is under way when the others come: alone, the two halves would take turns for good.
  await turn();
  await turn();
  const late = Array.from({ length: WRITERS / 2 }, (_, i) => writer(`late-${i}`));
  await Promise.all([...early, ...late]);
  const { rows } = await pool.query<{ groups: number; events: number }>(
    `select count(distinct xmin::text)::int as groups, count(*)::int as events from orderlog.events`,
  );
  const [{ groups, events }] = rows as [{ groups: number; events: number }];
  t.equal(events, WRITERS * ROUNDS + 1);
  t.ok(groups < ROUNDS * 1.5, `${groups} commits for ${ROUNDS} rounds of two halves`);
});
