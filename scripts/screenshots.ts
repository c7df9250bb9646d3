/** `npm run docs:screenshots`: pictures of every screen of the console, on demo data, into docs/console. Needs Chromium. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { orderlog, serve, stopServers } from '../bench/processes.js';
import { launchBrowser } from '../test/support/browser.js';
import { root } from '../test/support/sources.js';

const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

const pictures = join(root, 'docs/console');
mkdirSync(pictures, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'orderlog-screenshots-'));
// Run as root, the server is another user's.
chmodSync(folder, 0o711);
const settings = { ORDERLOG_DATA_DIR: folder, HOME: folder };
try {
  const running = await serve(settings);
  const { url } = running;
  const begun = Date.now();
  await orderlog(settings, 'demo', '--users', '50', '--orders', '500', '--seed', '7');
  // Some of the orders came later.
  const then = new Date(begun + 0.75 * (Date.now() - begun)).toISOString();
  for (const path of ['categories', 'categories/1/order-counts'])
    await fetch(`${url}/v1/${path}?as_of=${then}`, { headers: { prefer: 'wait=30' } });
  await job(url, 'rebuild', 'order-counts');
  await job(url, 'verify', 'users');
  const first = async <T>(path: string): Promise<T> => {
    const { data } = (await (await fetch(url + path)).json()) as { data: readonly T[] };
    return data[0] as T;
  };
  const order = await first<{ order_id: string; user_id: string }>('/v1/orders?status=paid');
  const screens = {
    overview: '',
    catalog: 'catalog?category=1',
    'catalog-past': `catalog?category=1&as_of=${then}`,
    orders: 'orders',
    order: `orders/${order.order_id}`,
    users: 'users',
    user: `users/${order.user_id}`,
    stock: 'stock',
    log: 'log',
    'read-models': 'read-models',
  };
  const browser = await launchBrowser();
  const take = async (name: string, path: string, colorScheme: 'light' | 'dark', size: keyof typeof SIZES) => {
    const context = await browser.newContext({
      colorScheme,
      viewport: SIZES[size],
      locale: 'en-US',
      timezoneId: 'UTC',
    });
    const page = await context.newPage();
    await page.goto(`${url}/console/${path}`);
    await loaded(page);
    await page.screenshot({ path: join(pictures, `${name}.png`) });
    await context.close();
    process.stderr.write(`docs/console/${name}.png\n`);
  };
  for (const [name, path] of Object.entries(screens)) await take(name, path, 'light', 'wide');
  await take('overview-dark', '', 'dark', 'wide');
  await take('catalog-narrow', 'catalog?category=1', 'light', 'narrow');
  await browser.close();
  await running.stop();
} finally {
  await stopServers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

/** Runs it to its end. */
async function job(url: string, kind: 'rebuild' | 'verify', model: string): Promise<void> {
  const started = await fetch(`${url}/v1/ops/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind, model }),
  });
  const path = started.headers.get('location') ?? '';
  for (;;) {
    const { data } = (await (await fetch(url + path)).json()) as { data: { state: string } };
    if (data.state === 'done') return;
    if (!['waiting', 'running'].includes(data.state)) throw new Error(`the job is ${data.state}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function loaded(page: Page): Promise<void> {
  await page.locator('main > *').first().waitFor();
  for (const busy of await page.locator('.busy').all()) await busy.waitFor({ state: 'detached' });
  // Curves and live lists come after what they are made from.
  await page.waitForTimeout(2_500);
}
