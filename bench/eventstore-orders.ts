/** Orders over HTTP and an import, with the log on EventStoreDB, beside bare appends at the same number under way. */
import type { EventStoreDBClient } from '@eventstore/db-client';
import { bareAppend, compare } from './eventstore-appends.js';
import { callsPerSecond } from './row.js';
import { IN_FLIGHT } from '../src/import/run.js';
import { withInstallation } from './installation.js';
import { orderlog, run, type Running } from './processes.js';
import { openShop, requireEmpty, withProcesses } from './scale-processes.js';
import { placeOrder, waitFor } from './scale-reads.js';
import { median } from './statistics.js';

/** API and projectors in two processes. */
const SETUP = { processes: 1, projectors: 'own process' } as const;

export async function measurePlacing(url: string, client: EventStoreDBClient, quick: boolean): Promise<void> {
  const rounds = quick ? 1 : 5;
  const seconds = quick ? 1 : 3;
  await requireEmpty(url);
  await withInstallation(async ({ settings: own, folder }) => {
    const settings = { ...own, EVENTSTORE_URL: url };
    const { pool, poolFile } = await openShop(settings, folder, quick);
    const items = [{ product_id: 1, quantity: 1 }];
    console.log(`${''.padEnd(36)} ${'orders'.padStart(10)} ${'bare'.padStart(10)} ratio`);
    await withProcesses(SETUP, settings, pool, async (apis) => {
      const [{ url: at }] = apis as [Running];
      const placing = async (connections: number): Promise<number> => {
        const { failed, perSecond } = await run({ kind: 'place', url: at, connections, seconds, poolFile });
        if (failed > 0) throw new Error(`${failed} orders were not placed`);
        // The next round is not to pay for this one.
        await waitFor(at, await placeOrder(at, { user_id: pool.users[0], items }));
        return perSecond;
      };
      const bare = (atOnce: number): Promise<number> =>
        callsPerSecond(() => bareAppend(client), atOnce, seconds * 1_000);
      for (const warm of [placing, bare]) await warm(16);
      for (const atOnce of [16, 64]) {
        await compare(
          `orders of 3 lines, ${atOnce} at once`,
          rounds,
          () => placing(atOnce),
          () => bare(atOnce),
        );
      }
    });
  });
}

/** @param data the folder of a data set */
export async function measureImport(url: string, client: EventStoreDBClient, data: string): Promise<void> {
  await requireEmpty(url);
  await withInstallation(async ({ settings: own }) => {
    const settings = { ...own, EVENTSTORE_URL: url };
    const { appended, seconds } = await orderlog<{ appended: number; seconds: number }>(settings, 'import', data);
    const bare: number[] = [];
    for (let round = 0; round < 4; round++) bare.push(await callsPerSecond(() => bareAppend(client), IN_FLIGHT, 5_000));
    // The first was to warm up.
    const [imported, appends] = [appended / seconds, median(bare.slice(1))];
    console.log(
      `import of ${appended} events: ${imported.toFixed(0)}/s, bare appends, ${IN_FLIGHT} at once: ${appends.toFixed(0)}/s`,
    );
    console.log(`ratio ${(imported / appends).toFixed(2)}`);
  });
}
