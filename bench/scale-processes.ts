/** Orders placed through one and through several API processes on one log, each with its share of the connections. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCatalogue } from './catalogue.js';
import { withInstallation } from './installation.js';
import type { LoadResult } from './load.js';
import { orderlog, run, serve, type Settings } from './processes.js';
import { median } from './statistics.js';

export interface ProcessFigures {
  readonly processes: number;
  readonly orders_per_second: number;
  readonly p50: number;
  readonly p99: number;
}

const NUMBERS = [1, 2, 4];
const CONNECTIONS = 64;
const [PRODUCTS, USERS] = [500, 50];
const ROUNDS = 3;
const SECONDS = 4;

/** @param eventstore the URL of an empty EventStoreDB, if the log is to be there */
export function measureProcesses(eventstore?: string): Promise<readonly ProcessFigures[]> {
  return withInstallation(async ({ settings: own, folder }) => {
    const settings = { ...own, ...(eventstore !== undefined && { EVENTSTORE_URL: eventstore }) };
    await writeCatalogue(join(folder, 'shop'), { products: PRODUCTS, users: USERS });
    await orderlog(settings, 'import', join(folder, 'shop'));
    const figures: ProcessFigures[] = [];
    for (const processes of NUMBERS) figures.push(await through(processes, settings, folder));
    return figures;
  });
}

async function through(processes: number, settings: Settings, folder: string): Promise<ProcessFigures> {
  const [projectors, ...apis] = await Promise.all([
    serve(settings, '--projectors-only'),
    ...Array.from({ length: processes }, () => serve(settings, '--api-only')),
  ]);
  const { data } = (await (await fetch(`${apis[0]?.url}/v1/users?limit=${USERS}`)).json()) as {
    data: { user_id: string }[];
  };
  const poolFile = join(folder, 'pool.json');
  const products = Array.from({ length: PRODUCTS }, (_, n) => n + 1);
  writeFileSync(poolFile, JSON.stringify({ users: data.map(({ user_id }) => user_id), products, orders: [] }));
  const round = async (): Promise<LoadResult[]> => {
    const connections = CONNECTIONS / processes;
    const results = await Promise.all(
      apis.map(({ url }) => run({ kind: 'place', url, connections, seconds: SECONDS, poolFile })),
    );
    const failed = results.reduce((sum, one) => sum + one.failed, 0);
    if (failed > 0) throw new Error(`${failed} orders were not placed`);
    return results;
  };
  await round();
  const rounds: LoadResult[][] = [];
  for (let n = 0; n < ROUNDS; n++) rounds.push(await round());
  await Promise.all([projectors, ...apis].map((one) => one.stop()));
  const figures = {
    processes,
    orders_per_second: Math.round(median(rounds.map((of) => of.reduce((sum, one) => sum + one.perSecond, 0)))),
    p50: median(rounds.flat().map((one) => one.p50)),
    p99: median(rounds.map((of) => Math.max(...of.map((one) => one.p99)))),
  };
  console.error(JSON.stringify(figures));
  return figures;
}
