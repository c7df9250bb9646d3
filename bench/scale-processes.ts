/**
 * Orders placed through one and through several API processes on one log, each with its share of the connections. The projectors are in a
 * process of their own, or in the API processes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventStoreDb } from '../src/engine/log/eventstoredb/store.js';
import { writeCatalog } from './catalog.js';
import { withInstallation } from './installation.js';
import { openLoad, orderlog, run, type Running, serve, type Settings } from './processes.js';
import { step, type Tell } from './progress.js';
import { ordersOf } from './rates.js';
import { placeOrder, waitFor } from './scale-reads.js';
import type { Pool } from './shop.js';
import { median } from './statistics.js';

export type LogName = 'postgres' | 'eventstoredb';

/** Where the projectors are. */
type Projectors = 'own process' | 'each API process';

export interface ProcessFigures {
  readonly processes: number;
  readonly projectors: Projectors;
  /** Of a closed loop, each round. */
  readonly rounds: readonly number[];
  /** Of an open loop, the same rate for all: 0.6 of what the slowest has reached. Absent before it is known. */
  readonly open_rate?: number;
  readonly p50?: number;
  readonly p99?: number;
}

interface Setup {
  readonly processes: number;
  readonly projectors: Projectors;
}

interface Shop {
  readonly settings: Settings;
  readonly pool: Pool;
  readonly poolFile: string;
  readonly quick: boolean;
}

const CONNECTIONS = 64;
const [PRODUCTS, USERS] = [500, 50];
const ROUNDS = 3;
const SHARE = 0.6;

export interface ProcessesWanted {
  readonly numbers: readonly number[];
  /** The URL of an empty EventStoreDB, if the log is to be there. */
  readonly eventstore: string | null;
  readonly quick: boolean;
}

export async function measureProcesses(
  { numbers, eventstore, quick }: ProcessesWanted,
  keep: (figures: readonly ProcessFigures[]) => void,
): Promise<void> {
  if (eventstore !== null) await requireEmpty(eventstore);
  const setups = numbers.flatMap((processes) =>
    (['own process', 'each API process'] as const).map((projectors): Setup => ({ processes, projectors })),
  );
  await withInstallation(async ({ settings: own, folder }) => {
    const settings = { ...own, ...(eventstore !== null && { EVENTSTORE_URL: eventstore }) };
    const shop = await step('the catalog', () => openShop(settings, folder, quick));
    let figures: readonly ProcessFigures[] = setups.map((setup) => ({ ...setup, rounds: [] }));
    const add = (nth: number, change: (before: ProcessFigures) => ProcessFigures): void => {
      figures = figures.map((one, n) => (n === nth ? change(one) : one));
      keep(figures.filter(({ rounds }) => rounds.length > 0));
    };
    // The log grows from round to round: the setups take turns, so it grows for all of them.
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      for (const [nth, setup] of setups.entries()) {
        const rate = await step(`${titleOf(setup)}, round ${round + 1}`, (tell) => closedLoop(setup, shop, tell));
        add(nth, (before) => ({ ...before, rounds: [...before.rounds, Math.round(rate)] }));
      }
    }
    const open_rate = Math.floor(SHARE * Math.min(...figures.map(({ rounds }) => median(rounds))));
    for (const [nth, setup] of setups.entries()) {
      const times = await step(`${titleOf(setup)}, times`, (tell) => openLoop(setup, open_rate, shop, tell));
      add(nth, (before) => ({ ...before, open_rate, ...times }));
    }
  });
}

function titleOf({ processes, projectors }: Setup): string {
  return `${processes} API ${processes === 1 ? 'process' : 'processes'}, projectors in ${projectors}`;
}

/** @throws Error if the log of another installation is there: it would become part of this one */
export async function requireEmpty(url: string): Promise<void> {
  const store = await openEventStoreDb(url);
  try {
    for await (const { stream } of store.readAll({ limit: 1 }))
      throw new Error(
        `The EventStoreDB at ${new URL(url).host} holds events already (stream ${stream}). Start an empty one.`,
      );
  } finally {
    await store.close();
  }
}

export async function openShop(settings: Settings, folder: string, quick: boolean): Promise<Shop> {
  await writeCatalog(join(folder, 'shop'), { products: PRODUCTS, users: USERS });
  await orderlog(settings, 'import', join(folder, 'shop'));
  const served = await serve(settings);
  const answer = await fetch(`${served.url}/v1/users?limit=${USERS}`);
  const { data } = (await answer.json()) as { data: { user_id: string }[] };
  await served.stop();
  const products = Array.from({ length: PRODUCTS }, (_, n) => n + 1);
  const pool: Pool = { users: data.map(({ user_id }) => user_id), products, orders: [] };
  if (pool.users.length < USERS) throw new Error(`${pool.users.length} of ${USERS} users are in their list`);
  const poolFile = join(folder, 'pool.json');
  writeFileSync(poolFile, JSON.stringify(pool));
  return { settings, pool, poolFile, quick };
}

/** Orders a second, of all API processes together. */
function closedLoop(setup: Setup, { settings, poolFile, pool, quick }: Shop, tell: Tell): Promise<number> {
  return withProcesses(setup, settings, pool, async (apis) => {
    const connections = shareOf(setup);
    const round = async (seconds: number): Promise<number> => {
      const results = await Promise.all(
        apis.map(({ url }) => run({ kind: 'place', url, connections, seconds, poolFile })),
      );
      const failed = results.reduce((sum, one) => sum + one.failed, 0);
      if (failed > 0) throw new Error(`${failed} orders were not placed`);
      return results.reduce((sum, one) => sum + one.perSecond, 0);
    };
    tell('warming up');
    await round(quick ? 1 : 3);
    tell('under load');
    return round(quick ? 1 : 5);
  });
}

function shareOf({ processes }: Setup): number {
  return Math.max(1, Math.round(CONNECTIONS / processes));
}

/** The slowest process gives the times: a caller may meet any. */
function openLoop(
  setup: Setup,
  rate: number,
  { settings, pool, quick }: Shop,
  tell: Tell,
): Promise<Pick<Required<ProcessFigures>, 'p50' | 'p99'>> {
  return withProcesses(setup, settings, pool, async (apis) => {
    const load = (seconds: number): ReturnType<typeof openLoad>[] =>
      apis.map(({ url }) =>
        openLoad({
          ...{ url, seconds, rate: rate / setup.processes, connections: shareOf(setup) },
          requests: ordersOf(pool, 3),
        }),
      );
    tell('warming up');
    await Promise.all(load(quick ? 1 : 3));
    tell('under load');
    const times = await Promise.all(load(quick ? 1 : 8));
    const worst = (of: (time: { p50: number; p99: number }) => number): number =>
      Math.round(Math.max(...times.map(of)) * 10) / 10;
    return { p50: worst(({ p50 }) => p50), p99: worst(({ p99 }) => p99) };
  });
}

/** Starts with read models at the head of the log, and ends the processes. */
export async function withProcesses<T>(
  { processes, projectors }: Setup,
  settings: Settings,
  { users, products }: Pool,
  work: (apis: readonly Running[]) => Promise<T>,
): Promise<T> {
  const apart = projectors === 'own process';
  const all = await Promise.all([
    ...Array.from({ length: processes }, () => serve(settings, ...(apart ? ['--api-only'] : []))),
    ...(apart ? [serve(settings, '--projectors-only')] : []),
  ]);
  const apis = all.slice(0, processes);
  try {
    const [first] = apis as [Running];
    const order = { user_id: users[0], items: [{ product_id: products[0], quantity: 1 }] };
    await waitFor(first.url, await placeOrder(first.url, order));
    return await work(apis);
  } finally {
    await Promise.all(all.map((one) => one.stop()));
  }
}
