/**
 * Orders alone; beside ten readers of the tail that take each event; beside what ten consoles ask of the server, sent without a browser, as
 * if the browsers were elsewhere; and beside ten consoles in a browser on this machine. The browser has the lowest priority, and how much
 * of a core it took is told, because the server does not need it.
 */
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, processesOf } from '../test/support/browser.js';
import { recordConsoles, sendAgain } from './console-requests.js';
import { cpuSeconds } from './peak.js';
import { openLoad, run, type Running } from './processes.js';
import { ordersOf } from './rates.js';
import type { Pool } from './shop.js';
import { median } from './statistics.js';

export const CONSOLES = 10;
const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 16;
const LOWEST = 19;

export interface Rig {
  readonly running: Running;
  readonly browser: Browser;
  readonly pool: Pool;
  readonly poolFile: string;
}

interface Round {
  /** Orders of a closed loop. */
  readonly perSecond: number;
  /** Milliseconds of the server's processor time for each of them. */
  readonly cpu: number;
  /** Of an open loop at half of the rate that was reached alone, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Cores that the browser took in the closed loop. */
  readonly browserCores: number;
  /** By how much the newest event on the slowest screen was behind the clock, in milliseconds, with the closed loop under way. */
  readonly behind: number;
}

/** By turns, so that whatever else changes meets all. */
export async function beside(rig: Rig): Promise<object> {
  const { perSecond } = await closed(rig, SECONDS);
  const rate = Math.floor(perSecond / 2);
  const browser = await launchBrowser();
  await giveWay(browser);
  const kinds = ['alone', 'readers', 'requests', 'browser'] as const;
  const found = Object.fromEntries(kinds.map((kind) => [kind, [] as Round[]])) as Record<
    (typeof kinds)[number],
    Round[]
  >;
  try {
    const recorded = await recordConsoles(browser, screens(rig.running));
    for (let round = 0; round < ROUNDS; round += 1) {
      found.alone.push(await measured(rig, rate));
      const readers = Array.from({ length: CONSOLES }, () => reader(rig.running).resume());
      found.readers.push(await measured(rig, rate));
      for (const socket of readers) socket.destroy();
      const sending = sendAgain(recorded);
      found.requests.push(await measured(rig, rate));
      await sending.stop();
      const pages = await consoles({ ...rig, browser });
      found.browser.push(await measured(rig, rate, { browser, pages }));
      for (const page of pages) await page.close();
    }
  } finally {
    await browser.close();
  }
  return {
    watching: CONSOLES,
    openLoopRate: rate,
    ...Object.fromEntries(kinds.map((kind) => [kind, summary(found[kind])])),
  };
}

function summary(rounds: readonly Round[]): object {
  const of = (name: keyof Round): number => Math.round(median(rounds.map((round) => round[name])) * 100) / 100;
  return {
    rounds: rounds.map(({ perSecond }) => Math.round(perSecond)),
    ...{ perSecond: of('perSecond'), serverMsAnOrder: of('cpu'), p50: of('p50'), p99: of('p99') },
    ...{ browserCores: of('browserCores'), behindMs: of('behind') },
  };
}

async function measured(
  rig: Rig,
  rate: number,
  watching?: { readonly browser: Browser; readonly pages: readonly Page[] },
): Promise<Round> {
  const { pid, url } = rig.running;
  const drawing = watching ? await processesOf(watching.browser) : [];
  const used = (of: readonly number[]): number => of.reduce((sum, one) => sum + cpuSeconds(one), 0);
  const [server, browser] = [used([pid]), used(drawing)];
  const load = closed(rig, SECONDS);
  await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1_000 * 3) / 4));
  const behind = Math.max(0, ...(await Promise.all((watching?.pages ?? []).map(behindOf))));
  const { perSecond } = await load;
  const cpu = ((used([pid]) - server) * 1_000) / (perSecond * SECONDS);
  const browserCores = (used(drawing) - browser) / SECONDS;
  const requests = ordersOf(rig.pool, 3);
  const { p50, p99 } = await openLoad({ url, rate, seconds: SECONDS, connections: CONNECTIONS, requests });
  return { perSecond, cpu, p50, p99, browserCores, behind };
}

async function closed({ running, poolFile }: Rig, seconds: number): ReturnType<typeof run> {
  const result = await run({ url: running.url, connections: CONNECTIONS, seconds, kind: 'place', poolFile });
  if (result.failed > 0) throw new Error(`${result.failed} orders failed`);
  return result;
}

/** Live logs and overviews, by turns. */
function screens({ url }: Running): readonly string[] {
  return Array.from({ length: CONSOLES }, (_, at) => `${url}/console/${at % 2 === 0 ? 'log' : ''}`);
}

export async function consoles({ running, browser }: Pick<Rig, 'running' | 'browser'>): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for (const screen of screens(running)) {
    const page = await browser.newPage();
    await page.goto(screen);
    await page.getByText('Live', { exact: true }).waitFor();
    pages.push(page);
  }
  return pages;
}

/** Of the live log. */
export function reader({ url }: Running): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.write(`GET /v1/log HTTP/1.1\r\nhost: ${hostname}\r\naccept: text/event-stream\r\n\r\n`);
  return socket;
}

async function behindOf(page: Page): Promise<number> {
  return page.evaluate<number>(
    `Date.now() - Math.max(...[...document.querySelectorAll('main time')].map((it) => Date.parse(it.dateTime)))`,
  );
}

/** Linux shares the cores out by session first (sched(7), autogroup). A browser leads one of its own. */
async function giveWay(browser: Browser): Promise<void> {
  for (const pid of await processesOf(browser)) writeFileSync(`/proc/${pid}/autogroup`, String(LOWEST));
}
