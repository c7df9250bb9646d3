import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

t.test('Escape closes what is open, and the focus returns to what opened it', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser();
  const { cat_id } = await shop.addCategory({ name: 'Shelf' });
  const { product_id } = await shop.addProduct([cat_id], { name: 'Lamp' });
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 20 } });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  const focused = (): Promise<unknown> => page.evaluate('document.activeElement.innerText');
  for (const [path, buttons] of [
    ['catalog', ['Add a root category']],
    [`catalog?category=${cat_id}`, ['Add child', 'Rename', 'Move', 'Remove', 'Add a product']],
    [`catalog?product=${product_id}`, ['Change']],
    [`orders/${order_id}`, ['Cancel order', 'Mark as paid']],
    ['users', ['Register a user']],
    [`users/${user_id}`, ['Change details', 'Erase', 'Replace']],
    ['stock', ['Track a product', 'Receive', 'Count', 'Adjust']],
    ['read-models', ['Verify all', 'Rebuild all']],
  ] as const) {
    await page.goto(`${shop.http.url}/console/${path}`);
    for (const name of buttons) {
      const button = page.locator('main').getByRole('button', { name, exact: true }).first();
      await button.focus(PATIENCE);
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.waitFor(PATIENCE);
      t.ok(await dialog.locator(':focus').count(), `${path}: ${name} has the focus in its dialog`);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached', ...PATIENCE });
      t.equal(await focused(), name, `${path}: the focus is back on ${name}`);
    }
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: 'Menu' }).click();
  const link = page.getByRole('link', { name: 'Read models' });
  await link.focus();
  await page.keyboard.press('Escape');
  await link.waitFor({ state: 'hidden', ...PATIENCE });
  t.equal(await focused(), 'Menu');
  t.same(faults, []);
});

/** Of the text and its ground, as WCAG defines it: 1 to 21. */
const CONTRAST = `(() => {
  const light = (color) => {
    const parts = color.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const field = document.querySelector('input[placeholder]');
  const both = [getComputedStyle(field, '::placeholder').color, getComputedStyle(field).backgroundColor].map(light);
  return Math.max(...both) / Math.min(...both);
})()`;

t.test('what an empty field suggests can be read, light and dark', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open(`${shop.http.url}/console/`, { colorScheme });
    await page.locator('input[placeholder]').first().waitFor(PATIENCE);
    const contrast = await page.evaluate<number>(CONTRAST);
    t.ok(contrast >= 4.5, `${colorScheme}: ${contrast.toFixed(1)}`);
  }
});
