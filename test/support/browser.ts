/** A real Chromium, for the pages of the console. Debian has it as `chromium`; CHROMIUM names another one. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { build } from 'vite';
import { root } from './sources.js';

const KNOWN = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];
const executable = [process.env['CHROMIUM'], ...KNOWN].find((path) => path !== undefined && existsSync(path));

/** Left out where there is no browser, and it says so. */
export const needsBrowser: { readonly skip: false | string } = {
  skip: executable === undefined ? 'left out: no Chromium is installed here (apt-get install chromium)' : false,
};

let built: Promise<string> | undefined;

/** @returns the folder of the console as it is in the sources now; built once for a file of tests */
export const builtConsole = (): Promise<string> => (built ??= buildOnce());

async function buildOnce(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'orderlog-console-'));
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  await build({ configFile: join(root, 'console/vite.config.ts'), logLevel: 'error', build: { outDir } });
  return outDir;
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

/** A browser of the test's own. */
export async function openBrowser(
  t: Test,
): Promise<(url: string, options?: BrowserContextOptions) => Promise<Watched>> {
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  return async (url, options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
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
