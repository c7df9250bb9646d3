import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };
/** A telephone while its keyboard is on the screen. */
const LOW = { width: 390, height: 440 };

t.test('a dialog can be left and used in a low window', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser({ name: 'Ada', email: 'ada@example.com' });
  const { cat_id } = await shop.addCategory({ name: 'Garden' });
  const { product_id } = await shop.addProduct([cat_id], { name: 'Lamp' });
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 20 } });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`, { viewport: LOW });
  const category = `catalog?category=${cat_id}`;
  const dialogs: readonly (readonly [path: string, button: string, wayOut?: string])[] = [
    ['catalog', 'Add a root category'],
    [category, 'Add child'],
    [category, 'Rename'],
    [category, 'Move'],
    [category, 'Remove', 'Keep as it is'],
    [category, 'Add a product'],
    [`catalog?product=${product_id}`, 'Change'],
    [`orders/${order_id}`, 'Mark as paid'],
    [`orders/${order_id}`, 'Cancel order', 'Keep as it is'],
    ['users', 'Register a user'],
    [`users/${user_id}`, 'Change details'],
    [`users/${user_id}`, 'Replace'],
    [`users/${user_id}`, 'Erase', 'Keep as it is'],
    ['stock', 'Track a product'],
    ['stock', 'Receive'],
    ['stock', 'Count'],
    ['stock', 'Adjust'],
    ['read-models', 'Verify all'],
    ['read-models', 'Rebuild all'],
  ];
  for (const [path, name, wayOut = 'Close'] of dialogs) {
    await page.goto(`${shop.http.url}/console/${path}`);
    await page.getByRole('button', { name, exact: true }).first().click(PATIENCE);
    const dialog = page.getByRole('dialog');
    const buttons = dialog.locator('.actions button');
    await buttons.first().waitFor(PATIENCE);
    t.equal(await buttons.first().innerText(), wayOut, `${name}: what is not there can not be kept`);
    // By the keyboard, the browser scrolls to what has the focus, if it can be scrolled to.
    for (let at = 0; at < 20 && !(await hasFocus(page, '.actions .primary')); at += 1) await page.keyboard.press('Tab');
    t.ok(await comesInSight(page, '.actions .primary'), `${name}: what sends it can be reached`);
    await page.keyboard.press('Shift+Tab');
    t.ok(await comesInSight(page, '.actions button'), `${name}: so can the way out`);
    t.equal(
      await page.evaluate('document.documentElement.scrollWidth'),
      LOW.width,
      `${name}: no wider than the window`,
    );
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached', ...PATIENCE });
  }
  t.same(faults, []);
});

t.test('what a picker finds is in sight in a low window, too', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { cat_id } = await shop.addCategory({ name: 'Garden' });
  for (const name of ['Garden hoses', 'Garden tools', 'Garden chairs']) await shop.addCategory({ name });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/catalog?category=${cat_id}`, { viewport: LOW });
  for (const button of ['Add a product', 'Move']) {
    await page.getByRole('button', { name: button, exact: true }).click(PATIENCE);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox').fill('garden');
    await dialog.getByRole('option').first().waitFor(PATIENCE);
    t.ok(await comesInSight(page, '[role=option]'), `${button}: the first that is found`);
    for (let at = 0; at < 2; at += 1) await page.keyboard.press('ArrowDown');
    t.ok(await comesInSight(page, '[role=option][aria-selected=true]'), `${button}: the one that the arrows are at`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached', ...PATIENCE });
  }
});

const hasFocus = (page: Page, selector: string): Promise<boolean> =>
  page.evaluate(`document.activeElement === document.querySelector('dialog ${selector}')`);

/** The screen follows a key by its next frame. */
async function comesInSight(page: Page, selector: string): Promise<boolean> {
  const until = Date.now() + PATIENCE.timeout;
  while (!(await isInSight(page, selector))) {
    if (Date.now() > until) return false;
    await sleep(20);
  }
  return true;
}

/** Whether the whole of it is in the window and not covered or cut off by what it is in. */
const isInSight = (page: Page, selector: string): Promise<boolean> =>
  page.evaluate(`(() => {
    const found = document.querySelector('dialog ${selector}');
    if (!found) return false;
    const { left, right, top, bottom } = found.getBoundingClientRect();
    const corners = [[left + 4, top + 4], [right - 4, bottom - 4]];
    return corners.every(([x, y]) => found.contains(document.elementFromPoint(x, y)));
  })()`);

t.test('a new product is suggested in the currency of those beside it', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const empty = (await shop.addCategory({ name: 'Empty' })).cat_id;
  const suggested = async (category: number): Promise<string> => {
    await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
    const { page, faults } = await open(`${shop.http.url}/console/catalog?category=${category}`);
    await page.getByRole('button', { name: 'Add a product', exact: true }).click(PATIENCE);
    const currency = page.getByRole('dialog').getByLabel('Currency');
    await until(async () => (await currency.inputValue()) !== '');
    const value = await currency.inputValue();
    t.same(faults, []);
    await page.close();
    return value;
  };
  t.equal(await suggested(empty), 'EUR', 'where there is no product');
  const { cat_id } = await shop.addCategory({ name: 'Lamps' });
  for (const currency of ['JPY', 'USD', 'USD']) await shop.addProduct([cat_id], { currency });
  t.equal(await suggested(cat_id), 'USD', 'that of most of them');
  t.equal(await suggested(empty), 'USD', 'that of other categories, where this one has no product');
});
