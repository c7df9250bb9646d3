import { randomUUID } from 'node:crypto';
import { test } from 'tap';
import type { ProjectionDb } from '../../../src/engine/projecting/page-part.js';
import { stage } from './running.js';
import { append, counted, tally } from './tally.js';

/** As projections look their rows up: what the page names, joined by key. */
const LOOK = 'select n.position from {schema}.noted n join unnest($1::uuid[]) as named (id) on n.id = named.id';

test('a plan that is made while a table is small is not one for small tables', async (t) => {
  const { pool, store, start, reached } = await stage(t);
  const plans: string[] = [];
  const flush = async (db: ProjectionDb): Promise<void> => {
    await db.query('look', LOOK, [[randomUUID()]]);
    const plan = await db.query<{ 'QUERY PLAN': string }>('plan', `explain execute look('{${randomUUID()}}')`);
    plans.push(plan.map((row) => row['QUERY PLAN']).join('\n'));
  };
  start(tally('planned', { flush }));
  // After the fifth time the server keeps a plan for all that follow, if it finds it no worse than one for each.
  for (let n = 0; n < 8; n++) {
    await reached('planned', await append(store, counted()));
    await pool.query('analyze rm_planned_v1.noted');
  }
  t.match(plans.at(-1), /Index/);
  t.notMatch(plans.at(-1), /Seq Scan on noted/);
});
