import { test } from 'tap';
import { projections } from '../../../projections/index.js';
import { listResult, retryResult, skipResult } from '../../../src/commands/quarantine.js';
import { broken } from '../../support/broken.js';
import { atTheHead, verified } from '../../support/unknown-types.js';
import { rebuildAll } from '../builds/rebuilding.js';
import { poisoned, WAITING } from './poisoned.js';

const models = projections.filter(({ name }) => WAITING.includes(name));
const reason = 'placed by a test of the till';

test('an event that waits in a kept build alone is not skipped: what is read has it', async (t) => {
  const { shop, deps, stream, runWith } = await poisoned(t);
  await rebuildAll(shop.runtime, {}, models);
  await runWith(projections);
  for (const asked of [stream, `${stream}@0`]) {
    await t.rejects(skipResult(deps, { stream: asked, reason }), {
      name: 'WrongUse',
      message: /@0 has taken effect in build 2 of order-counts, which is read; nothing was skipped: .*retry the key/,
    });
  }
  t.equal((await retryResult(deps, { streams: [stream] })).exitCode, 0);
  t.match((await listResult(deps, {})).document, { quarantined: [], skipped: [] });
  await atTheHead(shop);
  t.match(await verified(shop), { ok: true, notes: [] });
});

test('a named event is skipped where the key waits at it, whatever an older build waits at', async (t) => {
  const { shop, deps, stream } = await poisoned(t);
  const newer = models.map((one) => broken({ ...one, version: one.version + 1 }, [`${stream}@1`]));
  await rebuildAll(shop.runtime, {}, newer);
  const now = { ...deps, projections: newer };
  await t.rejects(skipResult(now, { stream: `${stream}@0`, reason }), { message: /@0 has taken effect in build 2/ });
  const { document, exitCode } = await skipResult(now, { stream: `${stream}@1`, reason });
  t.equal(exitCode, 0);
  t.match(document, { skipped: WAITING.map((model) => ({ model, version: 2, revision: 1, held: null })) });
  t.match((await listResult(now, {})).document, {
    quarantined: WAITING.map((model) => ({ model, version: 1, revision: 0 })),
    skipped: WAITING.map((model) => ({ model, revision: 1 })),
  });
});

test('nothing is skipped while a candidate that may have the event can not be dropped', async (t) => {
  const { shop, deps, stream } = await poisoned(t);
  const { pool } = shop.runtime;
  await rebuildAll(shop.runtime, { switch: false }, models);
  // As the statement of a rebuild that was killed, until the server notices.
  const left = await pool.connect();
  await left.query('begin; lock table rm_user_orders_v2.orders in access share mode');
  await t.rejects(skipResult(deps, { stream, reason }), { name: 'ModelBusy' });
  t.match((await listResult(deps, {})).document, { skipped: [] });
  await left.query('rollback');
  left.release();
  t.match((await skipResult(deps, { stream, reason })).document, { skipped: WAITING.map((model) => ({ model })) });
  t.equal((await pool.query("select from orderlog.builds where state = 'ready'")).rowCount, 0);
});
