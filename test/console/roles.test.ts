import type { Page } from 'playwright-core';
import t from 'tap';
import { required } from '../access/guarded.js';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { type RunningApp, runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

interface Screen {
  readonly path: string;
  /** Shown as soon as the screen has what it asks for. */
  readonly there: string;
  readonly admin: readonly string[];
  readonly clerk: readonly string[];
  /** Said to a clerk in place of a button that it could miss. */
  readonly instead?: string;
}

async function screensOf(shop: RunningApp): Promise<readonly Screen[]> {
  const { user_id } = await shop.registerUser({ name: 'Ada' });
  const { cat_id } = await shop.addCategory({ name: 'Shelf' });
  const { product_id } = await shop.addProduct([cat_id], { name: 'Lamp' });
  const { order_id } = await shop.placeOrder(user_id, [product_id]);
  await shop.http.ok('POST', `/v1/products/${product_id}/stock/count`, { json: { on_hand: 20 } });
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  return [
    {
      path: `catalog?category=${cat_id}&product=${product_id}`,
      there: 'Orders of this product',
      admin: ['Add a root category', 'Change', 'Retire', 'Add child', 'Rename', 'Move', 'Remove', 'Add a product'],
      clerk: [],
      instead: 'An admin can change the catalog.',
    },
    {
      path: `orders/${order_id}`,
      there: 'History',
      admin: ['Cancel order', 'Mark as paid', 'Show in the log'],
      clerk: ['Cancel order', 'Mark as paid'],
      instead: 'An admin can see the events of this order.',
    },
    { path: 'users', there: 'Ada', admin: ['Register a user'], clerk: ['Register a user'] },
    {
      path: `users/${user_id}`,
      there: 'Proof of identity',
      admin: ['Change details', 'Erase', 'Download', 'Replace'],
      clerk: ['Change details', 'Download', 'Replace'],
      instead: 'An admin can erase this user.',
    },
    {
      path: 'stock',
      there: 'Lamp',
      admin: ['Track a product', 'Receive', 'Count', 'Adjust'],
      clerk: ['Track a product', 'Receive', 'Count', 'Adjust'],
    },
  ];
}

/** Buttons that do something, and links that look like one. */
async function offered(page: Page, names: readonly string[]): Promise<readonly string[]> {
  const texts = await page.locator('main button, main a.button').allInnerTexts();
  return names.filter((name) => texts.includes(name));
}

t.test('a screen offers what the role of the key may do, and says who may do the rest', needsBrowser, async (t) => {
  const open = await openBrowser(t);
  const without = await runningApp(t, { console: await builtConsole() });
  const screens = await screensOf(without);
  // The same data, behind a server that asks for a key.
  const guarded = await runningApp(t, {
    console: await builtConsole(),
    access: required,
    database: without.database,
    dataDir: without.dataDir,
    projectors: false,
  });
  for (const role of ['none', 'admin', 'clerk'] as const) {
    const { url } = (role === 'none' ? without : guarded).http;
    const { page, faults } = await open(`${url}/console/`);
    if (role !== 'none') {
      const { key } = await guarded.runtime.apiKeys.create(role, null);
      await page.getByLabel('API key').fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
    }
    await page.getByRole('heading', { name: 'Overview' }).waitFor(PATIENCE);
    for (const { path, there, admin, clerk, instead } of screens) {
      await page.goto(`${url}/console/${path}`);
      await page.getByText(there).first().waitFor(PATIENCE);
      for (const busy of await page.locator('.busy').all()) await busy.waitFor({ state: 'detached' });
      t.same(await offered(page, admin), role === 'clerk' ? clerk : admin, `${role}: ${path}`);
      if (instead !== undefined)
        t.equal(await page.getByText(instead).count(), role === 'clerk' ? 1 : 0, `${role}: ${path} says who may`);
      t.equal(await page.getByRole('alert').count(), 0, `${role}: ${path} asks for nothing that is refused`);
    }
    t.same(faults, []);
  }
});

t.test('a clerk has nothing to press on the log, and is told why', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole(), access: required });
  const { key } = await shop.runtime.apiKeys.create('clerk', null);
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/log`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Your key may not do this.').first().waitFor(PATIENCE);
  t.match(await page.locator('main').innerText(), /^Log\s+Your key may not do this\. This takes the role admin/);
  t.equal(await page.locator('main').getByRole('button').count(), 0);
  await page.getByText('Role of your key: clerk').waitFor(PATIENCE);
  t.same(faults, []);
});

t.test('the menu leads to what the role of the key may see', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole(), access: required });
  const { user_id } = await shop.registerUser();
  const open = await openBrowser(t);
  const shown = {
    admin: ['Overview', 'Catalog', 'Orders', 'Users', 'Stock', 'Log', 'Read models'],
    clerk: ['Overview', 'Catalog', 'Orders', 'Users', 'Stock'],
    customer: ['Overview', 'Catalog'],
  };
  for (const role of ['admin', 'clerk', 'customer'] as const) {
    const { key } = await shop.runtime.apiKeys.create(role, role === 'customer' ? user_id : null);
    const { page, faults } = await open(`${shop.http.url}/console/`);
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(`Role of your key: ${role}`).waitFor(PATIENCE);
    const menu = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    t.same(await menu.allInnerTexts(), shown[role], role);
    t.same(faults, []);
    await page.close();
  }
});
