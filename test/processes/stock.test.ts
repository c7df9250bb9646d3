import t from 'tap';
import { testDatabase } from '../support/database.js';
import { serving, settingsFor, temporaryFolder } from '../support/orderlog.js';
import { reservedAfter, sellTheLast } from '../support/stock/last.js';

t.test(
  'four processes sell the last 10 to 200 buyers: 10 get them, and 190 are told that there are none',
  async (t) => {
    const database = await testDatabase(t);
    const settings = settingsFor(database, temporaryFolder(t));
    const first = await serving(t, settings);
    const others = await Promise.all([1, 2, 3].map(() => serving(t, settings, '--api-only')));
    const stream = await sellTheLast(
      t,
      [first, ...others].map(({ url }) => url),
    );
    const { rows } = await database.pool.query<{ type: string }>(
      `select type from orderlog.events where stream = $1 order by revision`,
      [stream],
    );
    t.equal(reservedAfter(rows.map(({ type }) => type)), 10);
  },
);
