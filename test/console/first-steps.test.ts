import t from 'tap';
import { builtConsole, needsBrowser, openBrowser } from '../support/browser.js';
import { until } from '../support/orderlog.js';
import { runningApp } from '../support/running-app.js';

/** Nothing here depends on how fast the machine is. */
const PATIENCE = { timeout: 60_000 };

t.test('an empty installation says on each screen what to do next', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const open = await openBrowser(t);
  const { page, faults } = await open(`${shop.http.url}/console/`);
  const next: Readonly<Record<string, string>> = {
    '': 'npx orderlog demo',
    catalog: 'npx orderlog import',
    orders: 'POST /v1/orders',
    users: 'Register the first one.',
    stock: 'Press “Track a product”',
    'read-models': 'Rebuild or verify a read model above.',
  };
  for (const [screen, text] of Object.entries(next)) {
    await page.goto(`${shop.http.url}/console/${screen}`);
    await page.locator('.empty', { hasText: text }).waitFor(PATIENCE);
  }
  await page.goto(`${shop.http.url}/console/stock`);
  await page.locator('.empty').waitFor(PATIENCE);
  t.equal(await page.locator('.empty').count(), 1, 'nothing is said twice');
  t.same(faults, []);
});

t.test('the title of the tab names the page and the thing, but no person', needsBrowser, async (t) => {
  const shop = await runningApp(t, { console: await builtConsole() });
  const { user_id } = await shop.registerUser({ name: 'Ada Lovelace', email: 'ada@shop.test' });
  const { cat_id } = await shop.addCategory({ name: 'Shelf' });
  const { product_id } = await shop.addProduct([cat_id], { name: 'Lamp' });
  const { number } = await shop.placeOrder(user_id, [product_id]);
  await shop.runtime.engine.catchUp(await shop.runtime.store.head(), 30_000);
  const open = await openBrowser(t);
  const { page } = await open(`${shop.http.url}/console/`);
  const titled = async (title: string): Promise<void> => {
    await until(async () => new RegExp(title).test(await page.title()), PATIENCE.timeout);
    t.match(await page.title(), new RegExp(title));
  };
  await titled('^Overview – Orderlog$');
  await page.goto(`${shop.http.url}/console/orders`);
  await page.getByRole('link', { name: number ?? '' }).click(PATIENCE);
  await titled(`^${number} – Orders – Orderlog$`);
  await page.getByRole('link', { name: 'Ada Lovelace' }).click(PATIENCE);
  await page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor(PATIENCE);
  await titled(`^${user_id.slice(0, 8)}….* – Users – Orderlog$`);
  await page.goto(`${shop.http.url}/console/catalog?category=${cat_id}`);
  await titled('^Shelf – Catalog – Orderlog$');
  await page.getByRole('link', { name: 'Lamp' }).click(PATIENCE);
  await titled('^Lamp – Catalog – Orderlog$');
  await page.getByRole('link', { name: 'Orders', exact: true }).click(PATIENCE);
  await titled('^Orders – Orderlog$');
  await page.goto(`${shop.http.url}/console/no-such-page`);
  await titled('^Not found – Orderlog$');
});
