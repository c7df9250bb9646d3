/**
 * `npm run bench:console`: the console in a real Chromium, on 10,595 categories. Prints as JSON: first paint of the catalog and the longest
 * work of its main thread while it is opened and scrolled; from the sending of an order to its row in the live log; placing orders beside those
 * who watch (console-beside.ts); what readers that stop reading and a frozen tab cost the server; and a rebuild under load, as the screen
 * shows it.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser, processesOf } from '../test/support/browser.js';
import { beside, CONSOLES, consoles, reader, type Rig } from './console-beside.js';
import { remove, temporaryFolder } from './ending.js';
import type { LoadResult } from './load.js';
import { orderlog, run, serve, stopServers } from './processes.js';

const CATEGORIES = 10_595;
const CHILDREN = 12;
const SECONDS = 4;

const WATCH_WORK = `window.work = [];
  new PerformanceObserver((list) => window.work.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask', buffered: true })`;

const WATCH_ROWS = `window.seen = {};
  new MutationObserver(() => {
    for (const { innerText } of document.querySelectorAll('.events button.mono')) window.seen[innerText] ??= Date.now();
  }).observe(document.body, { childList: true, subtree: true })`;

const folder = temporaryFolder('orderlog-bench-console-');
// Run as root, the server is another user's.
chmodSync(folder, 0o711);
try {
  process.stdout.write(`${JSON.stringify(await measured(), null, 2)}\n`);
} finally {
  await stopServers();
  remove(folder);
}

async function measured(): Promise<object> {
  const settings = { ORDERLOG_DATA_DIR: join(folder, 'data'), HOME: folder, SEED: catalog() };
  mkdirSync(settings.ORDERLOG_DATA_DIR);
  const running = await serve(settings);
  await orderlog(settings, 'demo', '--users', '20', '--orders', '200', '--seed', '7');
  const read = async <T>(path: string): Promise<readonly T[]> =>
    ((await (await fetch(running.url + path)).json()) as { data: readonly T[] }).data;
  const users = (await read<{ user_id: string }>('/v1/users')).map(({ user_id }) => user_id);
  const products = (await read<{ product_id: number; available: number | null }>('/v1/products?limit=100'))
    .filter(({ available }) => available === null)
    .map(({ product_id }) => product_id);
  const poolFile = join(folder, 'pool.json');
  const pool = { users, products, orders: [] };
  writeFileSync(poolFile, JSON.stringify(pool));
  const browser = await launchBrowser();
  const rig = { running, browser, pool, poolFile };
  try {
    return {
      categories: await tree(rig),
      tail: await tail(rig, users[0] ?? '', products[0] ?? 0),
      beside: await beside(rig),
      stopped: await stopped(rig),
      frozen: await frozen(rig),
      rebuild: await rebuild(rig),
    };
  } finally {
    await browser.close();
    await running.stop();
  }
}

/** Import files of a wide tree of several levels. */
function catalog(): string {
  const seed = join(folder, 'seed');
  mkdirSync(seed);
  const rows = Array.from({ length: CATEGORIES }, (_, at) => {
    const parent = at === 0 ? '' : Math.floor((at - 1) / CHILDREN) + 1;
    return `${at + 1},c${at + 1},Shelf number ${at + 1},${parent}`;
  });
  writeFileSync(join(seed, 'categories.csv'), ['cat_id,code,name,parent_cat_id', ...rows, ''].join('\n'));
  const products = Array.from(
    { length: 500 },
    (_, at) => `${at + 1},S-${at + 1},Thing ${at + 1},990,EUR,${at * 20 + 1}`,
  );
  writeFileSync(join(seed, 'products.csv'), ['product_id,sku,name,price,currency,cat_ids', ...products, ''].join('\n'));
  return seed;
}

/** In milliseconds. Work of less than 50 ms is not reported by browsers. */
async function tree({ running, browser }: Rig): Promise<object> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript(WATCH_WORK);
  const longest = async (): Promise<number> => {
    const work = await page.evaluate<readonly number[]>('window.work.splice(0)');
    return Math.round(Math.max(0, ...work));
  };
  const begun = performance.now();
  await page.goto(`${running.url}/console/catalog`);
  await page.locator('.tree-row').first().waitFor();
  const rows = performance.now() - begun;
  const paint = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime");
  const loading = await longest();
  await page.getByRole('button', { name: 'Open all' }).click();
  const list = page.getByRole('tree');
  await list.hover();
  for (let step = 0; step < 150; step += 1) await page.mouse.wheel(0, step < 100 ? 400 : 20_000);
  const scrolling = await longest();
  await list.focus();
  for (const key of ['Home', 'ArrowLeft', 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'End', 'Home'])
    await page.keyboard.press(key);
  await page.getByRole('button', { name: 'Close all' }).click();
  await page.getByRole('button', { name: 'Open all' }).click();
  const opening = await longest();
  await page.close();
  return { firstPaint: Math.round(paint), firstRow: Math.round(rows), longestWork: { loading, scrolling, opening } };
}

/** Milliseconds from the sending of the request to the row, so more than from the append. */
async function tail({ running, browser }: Rig, user_id: string, product_id: number): Promise<object> {
  const page = await browser.newPage();
  await page.goto(`${running.url}/console/log?types=OrderPlaced`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate(WATCH_ROWS);
  const took: number[] = [];
  for (let at = 0; at < 30; at += 1) {
    const begun = Date.now();
    const answer = await fetch(`${running.url}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id, items: [{ product_id, quantity: 1 }] }),
    });
    const { data } = (await answer.json()) as { data: { order_id: string } };
    await page.getByText(`order-${data.order_id}`).first().waitFor();
    took.push((await page.evaluate<number>(`window.seen['order-${data.order_id}']`)) - begun);
  }
  await page.close();
  took.sort((one, other) => one - other);
  return { median: took[took.length >> 1], longest: took[took.length - 1] };
}

function place({ running, poolFile }: Rig, seconds: number): Promise<LoadResult> {
  return run({ url: running.url, connections: 16, seconds, kind: 'place', poolFile });
}

/** Megabytes of the server around the same load, without and with readers of the tail that are frozen. */
async function stopped(rig: Rig): Promise<object> {
  const without = await grown(rig);
  const sockets = Array.from({ length: CONSOLES }, () => reader(rig.running).pause());
  const withStopped = await grown(rig);
  for (const socket of sockets) socket.destroy();
  return { readers: CONSOLES, without, with: withStopped };
}

/** Megabytes of the server around the same load, beside a browser of its own whose tabs are frozen with the live log open. */
async function frozen(rig: Rig): Promise<object> {
  const without = await grown(rig);
  const browser = await launchBrowser();
  try {
    await consoles({ ...rig, browser });
    const renderers = await processesOf(browser, 'renderer');
    const tell = (signal: NodeJS.Signals): void => renderers.forEach((pid) => process.kill(pid, signal));
    tell('SIGSTOP');
    try {
      return { tabs: CONSOLES, without, with: await grown(rig) };
    } finally {
      tell('SIGCONT');
    }
  } finally {
    await browser.close();
  }
}

async function grown(rig: Rig): Promise<object> {
  const before = megabytes(rig.running.pid);
  const { perSecond } = await place(rig, SECONDS);
  return { events: Math.round(perSecond * SECONDS), before, after: megabytes(rig.running.pid) };
}

function megabytes(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1_000);
}

/** The values of the bar, in the order in which the screen had them. */
async function rebuild(rig: Rig): Promise<object> {
  const page = await rig.browser.newPage();
  await page.goto(`${rig.running.url}/console/read-models`);
  const row = page.locator('tr[data-model=user-orders]');
  await row.waitFor();
  await page.evaluate(`window.bars = [];
    new MutationObserver(() => {
      const value = document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow');
      if (value && window.bars.at(-1) !== value) window.bars.push(value);
    }).observe(document.body, { childList: true, subtree: true, attributes: true })`);
  const load = place(rig, 2 * SECONDS);
  await row.getByRole('button', { name: 'Rebuild' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rebuild' }).click();
  await page.locator('[data-kind=rebuild][data-state=done]').waitFor({ timeout: 60_000 });
  await page.getByRole('row', { name: /user-orders 2 active/ }).waitFor();
  const bar = await page.evaluate<readonly string[]>('window.bars');
  const { perSecond, failed } = await load;
  await page.close();
  return { bar: bar.map(Number), build: 2, perSecond: Math.round(perSecond), failed };
}
