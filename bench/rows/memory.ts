/** Memory of the processes, as the system counts it: resident pages, on Linux alone. */
import { existsSync, readFileSync } from 'node:fs';
import { withLog } from '../logs.js';
import { orderlog, run, serve, watched } from '../processes.js';
import type { Figure, Row } from '../row.js';

/** For a log of a million events. */
const MARK = { atMost: 512 };
const KIB = 1_024;

export const memory: Row = {
  name: 'memory',
  what: 'resident memory of the API and of the projectors: at rest, under reads, while all is rebuilt, and of rebuild itself',
  peer: 'none',
  run: async (bench) =>
    withLog(bench.folder, bench.quick ? 6_000 : bench.full ? 1_000_000 : 100_000, async (log): Promise<Figure[]> => {
      await orderlog(log.settings, 'rebuild');
      const api = await serve(log.settings, '--api-only');
      const projectors = await serve(log.settings, '--projectors-only');
      const both = [
        ['API', api.pid],
        ['projectors', projectors.pid],
      ] as const;
      const detail = `${log.events.toLocaleString('en-US')} events in the log`;
      const figures: Figure[] = [];
      const add = (what: string, mb: number | null, of = detail): void => {
        if (mb === null) throw new Error(`${what}: the system does not tell, as Linux does in /proc`);
        figures.push({ what, unit: 'MB', ours: [mb], peer: null, mark: bench.full ? MARK : null, detail: of });
      };
      for (const [name, pid] of both) add(`memory of the ${name} at rest`, megabytes(pid, 'VmRSS'));
      const seconds = bench.quick ? 1 : 10;
      const { failed } = await run({
        url: api.url,
        kind: 'get',
        path: '/v1/orders?limit=100',
        status: 200,
        connections: 16,
        seconds,
      });
      if (failed > 0) throw new Error(`${failed} reads failed`);
      for (const [name, pid] of both) add(`memory of the ${name} at most, after reads`, megabytes(pid, 'VmHWM'));
      let rebuild: number | null = null;
      await watched(log.settings, 'rebuild', (pid) => {
        rebuild = megabytes(pid, 'VmHWM') ?? rebuild;
      });
      add('memory of rebuild at most', rebuild);
      for (const [name, pid] of both) add(`memory of the ${name} at most, after the rebuild`, megabytes(pid, 'VmHWM'));
      await Promise.all([api.stop(), projectors.stop()]);
      const { ours } = await bench.shop();
      add(
        'memory of API and projectors in one process, at most, after the load of the rows before',
        megabytes(ours.pid, 'VmHWM'),
        'the log of those rows',
      );
      return figures;
    }),
};

/** Null where the process is not there to ask any more. */
function megabytes(pid: number, what: 'VmRSS' | 'VmHWM'): number | null {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '';
  const kib = new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1];
  return kib === undefined ? null : Math.round(Number(kib) / KIB);
}
