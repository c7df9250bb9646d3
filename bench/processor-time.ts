/** What an answer costs the processors, of the server and of Postgres: where both sides share a machine, it bounds the ratio of their rates. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, cpuSeconds } from './peak.js';
import type { Figure } from './row.js';
import { median } from './statistics.js';

/** Milliseconds of each answer. */
export interface ProcessorTime {
  readonly server: number;
  readonly postgres: number;
}

/** Of the processes of a cluster, no matter for whom they work. */
export class Processors {
  readonly #postmaster: number;

  /** @param cluster the folder of a server that runs */
  constructor(cluster: string) {
    this.#postmaster = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** Begins to count. @param pid of the server whose answers it is about */
  begin(pid: number): (answers: number) => ProcessorTime {
    const server = cpuSeconds(pid);
    const sessions = new Map(childrenOf(this.#postmaster).map((one) => [one, cpuSeconds(one)]));
    return (answers) => {
      let postgres = 0;
      for (const one of childrenOf(this.#postmaster)) postgres += cpuSeconds(one) - (sessions.get(one) ?? 0);
      return {
        server: ((cpuSeconds(pid) - server) * 1_000) / answers,
        postgres: (postgres * 1_000) / answers,
      };
    };
  }
}

/**
 * @param what the answers are of
 * @returns null where the system does not tell processor time
 */
export function processorFigure(
  what: string,
  ours: readonly ProcessorTime[],
  peer: readonly ProcessorTime[],
): Figure | null {
  const inAll = (rounds: readonly ProcessorTime[]): number[] => rounds.map(({ server, postgres }) => server + postgres);
  const parts = (rounds: readonly ProcessorTime[]): string => {
    const of = (part: keyof ProcessorTime): string => median(rounds.map((round) => round[part])).toFixed(2);
    return `${of('server')} in the server and ${of('postgres')} in Postgres`;
  };
  const [all, peers] = [inAll(ours), inAll(peer)];
  if ([...all, ...peers].includes(0)) return null;
  const limit = median(all.map((one, round) => (peers[round] ?? Number.NaN) / one));
  return {
    what: `processor time per answer, ${what}`,
    unit: 'ms',
    ...{ ours: all, peer: peers, mark: null },
    detail: `${parts(ours)}; peer ${parts(peer)}: rates can differ by ${limit.toFixed(1)} times`,
  };
}
