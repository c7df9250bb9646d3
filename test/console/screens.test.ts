import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { type RunningApp, runningApp } from '../support/running-app.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A name that is a script if it is ever taken for markup. */
const MARKUP = '<img src=x onerror=alert(1)>';

interface Filled {
  readonly shop: RunningApp;
  /** Of every screen, with something on it. */
  readonly paths: readonly string[];
}

let filled: Promise<Filled> | undefined;

/** One for all tests here, which only look at it; it lives as long as the file. */
const filledShop = (): Promise<Filled> => (filled ??= fill());

async function fill(): Promise<Filled> {
  const shop = await runningApp(t, { console: await builtConsole() });
  const user = await shop.registerUser({ name: MARKUP });
  const parent = await shop.addCategory({ name: MARKUP });
  const child = await shop.addCategory({ name: `${MARKUP} below`, parent_cat_id: parent.cat_id });
  const product = await shop.addProduct([child.cat_id], { name: MARKUP });
  const order = await shop.placeOrder(user.user_id, [product.product_id]);
  await shop.http.ok('POST', `/v1/orders/${order.order_id}/cancel`, { json: { reason: MARKUP } });
  await shop.http.ok('POST', `/v1/products/${product.product_id}/stock/count`, { json: { on_hand: 2 } });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const paths = [
    ...['', 'catalog', `catalog?category=${child.cat_id}`, `catalog?product=${product.product_id}`],
    ...['orders', `orders/${order.order_id}`, 'users', `users/${user.user_id}`, 'stock', 'log', 'read-models'],
    'no-such-page',
  ];
  return { shop, paths: paths.map((path) => `/console/${path}`) };
}

/** Nothing is loading any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('main').waitFor();
  // The screen's code may come after its frame.
  await page.locator('main > *').first().waitFor();
  for (const busy of await page.locator('.busy').all()) await busy.waitFor({ state: 'detached' });
}

async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** In a page: what empty fields suggest, where the field is too narrow for it. */
const CUT_HINTS = `(() => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  const pen = document.createElement('canvas').getContext('2d');
  const cut = [...document.querySelectorAll('input[placeholder]')].filter((input) => {
    const { font, paddingLeft, paddingRight } = getComputedStyle(input);
    pen.font = font;
    const room = input.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    return pen.measureText(input.placeholder).width > room;
  });
  return cut.map((input) => input.placeholder);
})()`;

t.test(
  'no screen has an error, a breach of its policy, or a barrier for people with disabilities',
  needsBrowser,
  async (t) => {
    const { shop, paths } = await filledShop();
    const open = await openBrowser(t);
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, faults } = await open(`${shop.http.url}/console/`, { colorScheme });
      for (const path of paths) {
        await page.goto(shop.http.url + path);
        await settled(page);
        t.same(await seriousFaults(page), [], `${path}, ${colorScheme}`);
      }
      t.same(faults, [], colorScheme);
    }
  },
);

t.test('a name that looks like markup stays text on every screen', needsBrowser, async (t) => {
  const { shop, paths } = await filledShop();
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  const alerts: string[] = [];
  page.on('dialog', (dialog) => {
    alerts.push(dialog.message());
    void dialog.dismiss();
  });
  let seen = 0;
  for (const path of paths) {
    await page.goto(shop.http.url + path);
    await settled(page);
    t.equal(await page.locator('img[src=x]').count(), 0, path);
    if ((await page.locator('body').innerText()).includes(MARKUP)) seen += 1;
  }
  t.ok(seen >= 5, `the name is shown, on ${seen} screens`);
  t.same([alerts, faults], [[], []]);
});

t.test('no screen is wider than a telephone, and no table', needsBrowser, async (t) => {
  const { shop, paths } = await filledShop();
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/`, { viewport: { width: 390, height: 844 } });
  for (const path of paths) {
    await page.goto(shop.http.url + path);
    await settled(page);
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, path);
    const cut = await page.evaluate<number>(
      '[...document.querySelectorAll(".table-frame")].filter((frame) => frame.scrollWidth > frame.clientWidth).length',
    );
    t.equal(cut, 0, `${path}: nothing of a table is out of sight`);
    const tiny = await page.evaluate<number>(
      '[...document.querySelectorAll("svg text")].filter((it) => { const { height } = it.getBoundingClientRect(); return height > 0 && height < 9; }).length',
    );
    t.equal(tiny, 0, `${path}: every label of a drawing can be read`);
    t.same(await page.evaluate(CUT_HINTS), [], `${path}: what an empty field suggests can be read whole`);
  }
});
