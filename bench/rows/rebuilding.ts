/** Read models made from the whole log: event by event, by the bulk path, and to compare with what is there. */
import { type MadeUpLog, withLog } from '../logs.js';
import { orderlog, serve } from '../processes.js';
import { interleaved, type Figure, type Row } from '../row.js';

export const rebuilding: Row = {
  name: 'rebuilding',
  what: 'all read models made from 200 thousand events, with --full a million: catching up, rebuild, verify',
  peer: 'rebuild against the same events one by one; verify against rebuild',
  run: async (bench) =>
    withLog(bench.folder, bench.quick ? 6_000 : bench.full ? 1_000_000 : 200_000, async (log): Promise<Figure[]> => {
      const rate = async (work: () => Promise<unknown>): Promise<number> => {
        const begun = performance.now();
        await work();
        return log.events / ((performance.now() - begun) / 1_000);
      };
      const verify: number[] = [];
      const { ours: oneByOne, peer: rebuild } = await interleaved(
        bench.rounds,
        async () => {
          await dropReadModels(log);
          return rate(async () => (await serve(log.settings, '--projectors-only')).stop());
        },
        async () => {
          const found = await rate(() => orderlog(log.settings, 'rebuild'));
          verify.push(await rate(() => orderlog(log.settings, 'verify')));
          return found;
        },
      );
      const detail = `${log.events.toLocaleString('en-US')} events, the start of the process included`;
      const rates = { unit: 'events/s', detail };
      const seconds = (of: readonly number[]): number[] => of.map((perSecond) => log.events / perSecond);
      return [
        {
          what: 'projectors catch up, all read models',
          ...rates,
          ours: oneByOne,
          peer: null,
          mark: { atLeast: 10_000 },
        },
        { what: 'rebuild by the bulk path', ...rates, ours: rebuild, peer: null, mark: { atLeast: 40_000 } },
        {
          what: 'rebuild by the bulk path, against event by event',
          ...rates,
          ours: rebuild,
          peer: oneByOne,
          mark: { ratioAtLeast: 4 },
        },
        {
          what: 'verify, against rebuild',
          ...{ unit: 's', detail },
          ours: seconds(verify),
          peer: seconds(rebuild),
          mark: { ratioAtMost: 1.5 },
        },
      ];
    }),
};

async function dropReadModels({ pool }: MadeUpLog): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'rm\\_%'`,
  );
  for (const { name } of rows) await pool.query(`DROP SCHEMA ${name} CASCADE`);
  await pool.query('DELETE FROM orderlog.checkpoints');
  await pool.query('DELETE FROM orderlog.builds');
}
