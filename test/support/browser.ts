/** A real Chromium, for the pages of the console. Debian has it as `chromium`; CHROMIUM names another one. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { TEST_SERVER } from './database.js';
import { root } from './sources.js';

const KNOWN = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];
const executable = [process.env['CHROMIUM'], ...KNOWN].find((path) => path !== undefined && existsSync(path));

/** Left out where there is no browser, and it says so. */
export const needsBrowser: { readonly skip: false | string } = {
  skip: executable === undefined ? 'left out: no Chromium is installed here (apt-get install chromium)' : false,
};

let built: Promise<string> | undefined;

/** @returns the folder of the console as it is in the sources now; built once for a run, or for a file that is run by itself */
export const builtConsole = (): Promise<string> => (built ??= buildOnce());

async function buildOnce(): Promise<string> {
  const shared = process.env[TEST_SERVER] === undefined ? null : join(tmpdir(), 'console');
  if (shared !== null && existsSync(shared)) return shared;
  // Loaded here: it takes as long as to build.
  const { build } = await import('vite');
  const outDir = mkdtempSync(join(tmpdir(), 'orderlog-console-'));
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  await build({ configFile: join(root, 'console/vite.config.ts'), logLevel: 'error', build: { outDir } });
  if (shared === null) return outDir;
  try {
    renameSync(outDir, shared);
  } catch (error) {
    // Another file of the run was faster. A folder that is there and has something in it is never replaced.
    if (!existsSync(shared)) throw error;
  }
  return shared;
}

export interface Watched {
  readonly page: Page;
  /** Errors of the page and breaches of its policy, and requests to other hosts. */
  readonly faults: string[];
}

/** @throws Error where there is no Chromium */
export async function launchBrowser(): Promise<Browser> {
  if (executable === undefined) throw new Error('no Chromium is installed here: run apt-get install chromium');
  // As root Chromium starts without its sandbox only.
  return chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
}

/** Ids of all processes of a browser, or of those that run its pages. */
export async function processesOf(browser: Browser, only?: 'renderer'): Promise<readonly number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => only === undefined || type === only).map(({ id }) => id);
}

let shared: Promise<Browser> | undefined;

/** Started once for a file of tests, since a start takes as long as many a test, and closed when the file is over. */
function sharedBrowser(t: Test): Promise<Browser> {
  if (shared) return shared;
  const launched = (shared = launchBrowser());
  let file: Pick<Test, 'parent'> = t;
  while (file.parent) file = file.parent;
  (file as Test).teardown(async () => (await launched).close());
  return launched;
}

/** Opens addresses, each in a context of its own that shares nothing with another one and is gone when the test is over. */
export async function openBrowser(
  t: Test,
): Promise<(url: string, options?: BrowserContextOptions) => Promise<Watched>> {
  const browser = await sharedBrowser(t);
  return async (url, options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    t.teardown(() => context.close());
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      // The browser reports every status above 399 itself; what it means is the page's to show.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text());
    });
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== new URL(url).origin) faults.push(`asks ${request.url()}`);
    });
    await page.goto(url);
    return { page, faults };
  };
}
