import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type KilledServer, killUnderStock } from '../../../support/chaos/stock.js';
import { testDatabase } from '../../../support/database.js';
import { eventStoreDbLog, freshNamespace, TEST_EVENTSTORE_URL } from '../../../support/event-store/eventstoredb-log.js';
import { Namespaced } from '../../../support/event-store/namespaced.js';
import { temporaryFolder } from '../../../support/orderlog.js';
import { runningApp } from '../../../support/running-app.js';
import { reservedAfter, sellTheLast } from '../../../support/stock/last.js';
import type { Selling } from '../../../support/stock/process.js';
import { eventsOf, verified } from '../../../support/unknown-types.js';

const script = join(import.meta.dirname, '../../../support/stock/process.js');
/** A server that was started for it is worth more of them. */
const ROUNDS = TEST_EVENTSTORE_URL === null ? 2 : 6;

async function start(t: Test, selling: Selling): Promise<KilledServer> {
  const child = spawn(process.execPath, [script, JSON.stringify(selling)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
  };
  t.teardown(kill);
  const [line] = (await Promise.race([once(child.stdout, 'data'), closed])) as [Buffer | number | null];
  const url = /selling at (\S+)/.exec(String(line))?.[1];
  if (url === undefined) throw new Error(`a process that sells ended: ${String(line)}`);
  return { url, kill, stop: kill };
}

void t.test(
  'on EventStoreDB four processes sell the last 10 to 200 buyers, and when one is killed again and again nothing is oversold',
  { timeout: 500_000 },
  async (t) => {
    const database = await testDatabase(t);
    const { connectionString } = database;
    const { url, another } = await eventStoreDbLog(t);
    const [dataDir, namespace] = [temporaryFolder(t), freshNamespace()];
    const selling = { connectionString, dataDir, url, namespace, projectors: true };
    const store = new Namespaced(another(), namespace);
    const first = await start(t, selling);
    const others = await Promise.all([1, 2, 3].map(() => start(t, { ...selling, projectors: false })));
    const stream = await sellTheLast(
      t,
      [first, ...others].map((one) => one.url),
    );
    t.equal(reservedAfter((await eventsOf(store, stream)).map(({ type }) => type)), 10);

    for (const other of others) await other.kill();
    const shop = await runningApp(t, { database, dataDir, store, projectors: false });
    const verify = async (): Promise<string | null> => {
      const { ok, models, checks } = await verified(shop);
      return ok ? null : JSON.stringify([models.map(({ differences }) => differences), checks]);
    };
    const servers = [first];
    const report = await killUnderStock(async () => servers.pop() ?? start(t, selling), verify, ROUNDS);
    t.same(report.problems, []);
    t.ok(report.placed > 0 && report.verified > 0, JSON.stringify(report));
  },
);
